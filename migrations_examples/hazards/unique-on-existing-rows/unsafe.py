"""unique-on-existing-rows: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ux_orders_note", "orders", ["note"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
