"""table-rewritten: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("CLUSTER orders USING orders_pkey")


def downgrade() -> None:
    raise NotImplementedError("an example")
