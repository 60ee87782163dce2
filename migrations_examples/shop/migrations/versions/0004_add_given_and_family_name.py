"""Step 1, expand: customers get a given and a family name beside the name

The columns are nullable and the old one stops being NOT NULL, so that code which knows only `name`, and code
which knows only the two, can both write.

Step 2 is a deployment, not a revision: from here on the application writes all three.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("customers") as customers:
        customers.add_column(sa.Column("given_name", sa.String(200), nullable=True))
        customers.add_column(sa.Column("family_name", sa.String(200), nullable=True))
        customers.alter_column("name", existing_type=sa.String(200), nullable=True)


def downgrade():
    # customers that came while the application no longer wrote the old column
    op.execute("UPDATE customers SET name = trim(given_name || ' ' || family_name) WHERE name IS NULL")
    with op.batch_alter_table("customers") as customers:
        customers.alter_column("name", existing_type=sa.String(200), nullable=False)
        customers.drop_column("family_name")
        customers.drop_column("given_name")
