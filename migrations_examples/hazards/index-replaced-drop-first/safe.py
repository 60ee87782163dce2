"""index-replaced-drop-first: safe, revision 1 of 2."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_state_paid", "orders", ["state", "paid"], postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
