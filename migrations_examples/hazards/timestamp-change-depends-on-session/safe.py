"""timestamp-change-depends-on-session: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("SET LOCAL TimeZone = 'UTC'")
    op.execute("ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamptz")


def downgrade() -> None:
    raise NotImplementedError("an example")
