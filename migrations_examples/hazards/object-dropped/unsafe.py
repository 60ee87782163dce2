"""object-dropped: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("DROP SEQUENCE invoice_number")


def downgrade() -> None:
    raise NotImplementedError("an example")
