"""column-meaning-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.alter_column("orders", "state", server_default="new")


def downgrade() -> None:
    raise NotImplementedError("an example")
