"""schema-or-database-dropped: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("DROP SCHEMA old")


def downgrade() -> None:
    raise NotImplementedError("an example")
