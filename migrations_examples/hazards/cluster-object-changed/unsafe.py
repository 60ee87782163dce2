"""cluster-object-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER ROLE reporter SET statement_timeout = '5min'")


def downgrade() -> None:
    raise NotImplementedError("an example")
