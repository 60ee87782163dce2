"""concurrent-statement-inside-transaction: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None
# what the server answers with
fails = "25001"


def upgrade() -> None:
    op.create_index("ix_orders_paid", "orders", ["paid"], postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
