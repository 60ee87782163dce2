"""work-around-autocommit-block: safe, revision 2 of 2."""

from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_channel", "orders", ["channel"], postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
