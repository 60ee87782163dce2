"""index-drop-may-slow-queries: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # ix_orders_customer_state begins with the same column
        op.drop_index("ix_orders_customer_id", table_name="orders", postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
