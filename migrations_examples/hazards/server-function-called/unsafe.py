"""server-function-called: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shop'")


def downgrade() -> None:
    raise NotImplementedError("an example")
