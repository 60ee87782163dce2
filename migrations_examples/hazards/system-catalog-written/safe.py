"""system-catalog-written: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders ALTER COLUMN note TYPE varchar(200)")


def downgrade() -> None:
    raise NotImplementedError("an example")
