"""expand-and-contract-mixed: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.Text))
    op.execute("DROP TRIGGER orders_touch ON orders")


def downgrade() -> None:
    raise NotImplementedError("an example")
