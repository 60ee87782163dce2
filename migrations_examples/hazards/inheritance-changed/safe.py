"""inheritance-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE history_2025 () INHERITS (history)")


def downgrade() -> None:
    raise NotImplementedError("an example")
