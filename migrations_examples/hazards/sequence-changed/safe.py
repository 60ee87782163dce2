"""sequence-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("SELECT setval('invoice_number', 1000)")


def downgrade() -> None:
    raise NotImplementedError("an example")
