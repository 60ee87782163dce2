"""concurrent-statement-inside-transaction: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_paid", "orders", ["paid"], postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
