"""reindex-blocks-writes: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("REINDEX INDEX CONCURRENTLY ix_orders_state")


def downgrade() -> None:
    raise NotImplementedError("an example")
