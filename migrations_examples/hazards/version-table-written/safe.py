"""version-table-written: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("SELECT version_num FROM alembic_version")


def downgrade() -> None:
    raise NotImplementedError("an example")
