"""search-path-left-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("SET search_path TO archive")
    op.execute("CREATE TABLE entries (id bigint PRIMARY KEY)")
    op.execute("RESET search_path")


def downgrade() -> None:
    raise NotImplementedError("an example")
