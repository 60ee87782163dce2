"""downgrade-loses-data: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    op.add_column("customers", sa.Column("place", sa.Text))
    op.execute("UPDATE customers SET place = city WHERE id = 7")
    # alembic-safe: allow contract-not-proven, expand-and-contract-mixed because nothing has read it since 3.1
    op.drop_column("customers", "city")


def downgrade() -> None:
    op.add_column("customers", sa.Column("city", sa.Text))
    op.drop_column("customers", "place")
