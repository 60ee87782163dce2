"""set-not-null-scan: safe, revision 2 of 3."""

from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    op.execute("ALTER TABLE customers VALIDATE CONSTRAINT customers_name_not_null")


def downgrade() -> None:
    raise NotImplementedError("an example")
