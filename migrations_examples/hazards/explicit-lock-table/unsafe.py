"""explicit-lock-table: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("LOCK TABLE orders")


def downgrade() -> None:
    raise NotImplementedError("an example")
