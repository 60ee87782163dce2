"""index-drop-may-slow-queries: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ux_orders_number", table_name="orders", postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
