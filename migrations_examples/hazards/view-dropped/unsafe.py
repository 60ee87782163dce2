"""view-dropped: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("DROP VIEW open_orders")


def downgrade() -> None:
    raise NotImplementedError("an example")
