"""enum-value-used-in-same-transaction: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None
# what the server answers with
fails = "55P04"


def upgrade() -> None:
    op.execute("ALTER TYPE mood ADD VALUE 'glad'")
    op.execute("UPDATE customers SET mood = 'glad' WHERE id = 7")


def downgrade() -> None:
    raise NotImplementedError("an example")
