"""server-function-called: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shop'")


def downgrade() -> None:
    raise NotImplementedError("an example")
