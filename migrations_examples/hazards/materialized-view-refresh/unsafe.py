"""materialized-view-refresh: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("REFRESH MATERIALIZED VIEW sales")


def downgrade() -> None:
    raise NotImplementedError("an example")
