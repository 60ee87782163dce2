"""statement-refused-in-transaction: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None
# what the server answers with
fails = "25001"


def upgrade() -> None:
    op.execute("VACUUM orders")


def downgrade() -> None:
    raise NotImplementedError("an example")
