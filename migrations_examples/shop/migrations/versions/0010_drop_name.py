"""Step 5, contract: the old name goes

Only after the code that wrote it is gone from every server. Going back brings the column, and its values as
far as the two hold them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


# alembic-safe: phase contract
def upgrade():
    with op.batch_alter_table("customers") as customers:
        customers.drop_column("name")


def downgrade():
    with op.batch_alter_table("customers") as customers:
        customers.add_column(sa.Column("name", sa.String(200), nullable=True))
    op.execute("UPDATE customers SET name = trim(given_name || ' ' || family_name)")
