"""enum-value-used-in-same-transaction: safe, revision 1 of 2."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TYPE mood ADD VALUE 'glad'")


def downgrade() -> None:
    raise NotImplementedError("an example")
