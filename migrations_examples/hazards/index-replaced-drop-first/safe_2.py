"""index-replaced-drop-first: safe, revision 2 of 2."""

from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_state", table_name="orders", postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
