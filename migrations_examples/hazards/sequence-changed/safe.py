"""sequence-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("SELECT setval('invoice_number', (SELECT max(number) FROM orders))")


def downgrade() -> None:
    raise NotImplementedError("an example")
