"""privileges-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("GRANT SELECT ON orders TO PUBLIC")


def downgrade() -> None:
    raise NotImplementedError("an example")
