"""materialized-view-refresh: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY sales")


def downgrade() -> None:
    raise NotImplementedError("an example")
