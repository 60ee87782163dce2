"""published-table-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_pkey")


def downgrade() -> None:
    raise NotImplementedError("an example")
