"""object-renamed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER SEQUENCE invoice_number RENAME TO invoice_no")


def downgrade() -> None:
    raise NotImplementedError("an example")
