"""publication-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE PUBLICATION reports FOR TABLE orders")


def downgrade() -> None:
    raise NotImplementedError("an example")
