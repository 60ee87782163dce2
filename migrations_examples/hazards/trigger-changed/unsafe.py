"""trigger-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders DISABLE TRIGGER orders_touch")


def downgrade() -> None:
    raise NotImplementedError("an example")
