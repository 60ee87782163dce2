"""index-build-blocks-writes: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.create_index("ix_orders_paid", "orders", ["paid"])


def downgrade() -> None:
    raise NotImplementedError("an example")
