"""published-table-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders REPLICA IDENTITY NOTHING")


def downgrade() -> None:
    raise NotImplementedError("an example")
