"""constraint-takes-index-name: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders ADD CONSTRAINT uq_orders_number UNIQUE USING INDEX ux_orders_number")


def downgrade() -> None:
    raise NotImplementedError("an example")
