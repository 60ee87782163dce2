"""statement-not-understood: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("DO $$ BEGIN EXECUTE (SELECT 'ALTER TABLE orders ADD COLUMN channel text'); END $$")


def downgrade() -> None:
    raise NotImplementedError("an example")
