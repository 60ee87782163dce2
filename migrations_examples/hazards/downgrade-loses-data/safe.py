"""downgrade-loses-data: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    op.add_column("customers", sa.Column("place", sa.Text))
    op.execute("UPDATE customers SET place = city WHERE id = 7")
    # alembic-safe: allow expand-and-contract-mixed because it is one row
    op.drop_column("customers", "city")


def downgrade() -> None:
    op.add_column("customers", sa.Column("city", sa.Text))
    op.execute("UPDATE customers SET city = place WHERE id = 7")
    op.drop_column("customers", "place")
