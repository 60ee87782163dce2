"""if-not-exists-hides-invalid-index: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_orders_paid ON orders (paid)")


def downgrade() -> None:
    raise NotImplementedError("an example")
