"""sequence-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER SEQUENCE invoice_number RESTART WITH 1")


def downgrade() -> None:
    raise NotImplementedError("an example")
