"""index-replaced-drop-first: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_state", table_name="orders", postgresql_concurrently=True)
        op.create_index("ix_orders_state_paid", "orders", ["state", "paid"], postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
