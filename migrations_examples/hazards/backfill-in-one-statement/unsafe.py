"""backfill-in-one-statement: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("UPDATE orders SET state = 'open' WHERE state IS NULL")


def downgrade() -> None:
    raise NotImplementedError("an example")
