"""object-renamed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    # no statement of the application names an index
    op.execute("ALTER INDEX ix_orders_state RENAME TO ix_orders_by_state")


def downgrade() -> None:
    raise NotImplementedError("an example")
