"""timestamp-change-depends-on-session: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamptz")


def downgrade() -> None:
    raise NotImplementedError("an example")
