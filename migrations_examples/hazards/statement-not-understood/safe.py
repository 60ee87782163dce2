"""statement-not-understood: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("DO $$ BEGIN ALTER TABLE orders ADD COLUMN channel text; END $$")


def downgrade() -> None:
    raise NotImplementedError("an example")
