"""unique-on-existing-rows: safe, revision 2 of 2."""

from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ux_orders_token", "orders", ["token"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
