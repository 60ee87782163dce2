"""dml-without-where: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("UPDATE orders SET note = 'seen'")


def downgrade() -> None:
    raise NotImplementedError("an example")
