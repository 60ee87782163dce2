"""concurrent-build-under-timeout: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '2s'")
        op.create_index("ix_orders_paid", "orders", ["paid"], postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
