"""work-around-autocommit-block: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.Text))
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_channel", "orders", ["channel"], postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
