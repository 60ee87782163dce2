"""generated-expression-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None
# the server knows this from here on
since = 17


def upgrade() -> None:
    op.execute("ALTER TABLE orders ALTER COLUMN gross SET EXPRESSION AS (net * 1.1)")


def downgrade() -> None:
    raise NotImplementedError("an example")
