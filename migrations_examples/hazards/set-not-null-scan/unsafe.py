"""set-not-null-scan: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.alter_column("customers", "name", nullable=False)


def downgrade() -> None:
    raise NotImplementedError("an example")
