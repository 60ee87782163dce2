"""enum-value-used-in-same-transaction: safe, revision 2 of 2."""

from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    op.execute("UPDATE customers SET mood = 'glad' WHERE id = 7")


def downgrade() -> None:
    raise NotImplementedError("an example")
