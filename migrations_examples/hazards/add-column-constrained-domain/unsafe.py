"""add-column-constrained-domain: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders ADD COLUMN contact email")


def downgrade() -> None:
    raise NotImplementedError("an example")
