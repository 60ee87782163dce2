"""search-path-left-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("SET search_path TO archive")
    op.execute("CREATE TABLE entries (id bigint PRIMARY KEY)")


def downgrade() -> None:
    raise NotImplementedError("an example")
