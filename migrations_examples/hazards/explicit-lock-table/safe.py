"""explicit-lock-table: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE NOWAIT")


def downgrade() -> None:
    raise NotImplementedError("an example")
