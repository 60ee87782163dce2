"""reindex-blocks-writes: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("REINDEX INDEX ix_orders_state")


def downgrade() -> None:
    raise NotImplementedError("an example")
