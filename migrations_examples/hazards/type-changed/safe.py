"""type-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TYPE mood ADD VALUE 'angry'")


def downgrade() -> None:
    raise NotImplementedError("an example")
