"""column-change-refused: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None
# what the server answers with
fails = "0A000"


def upgrade() -> None:
    op.execute("ALTER TABLE orders ALTER COLUMN net TYPE numeric(12, 2)")


def downgrade() -> None:
    raise NotImplementedError("an example")
