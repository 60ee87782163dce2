"""integrity-checks-off: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("SET LOCAL session_replication_role = replica")


def downgrade() -> None:
    raise NotImplementedError("an example")
