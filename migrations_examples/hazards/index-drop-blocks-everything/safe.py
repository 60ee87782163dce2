"""index-drop-blocks-everything: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_customers_id", table_name="customers", postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
