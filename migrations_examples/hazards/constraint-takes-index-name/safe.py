"""constraint-takes-index-name: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders ADD CONSTRAINT ux_orders_number UNIQUE USING INDEX ux_orders_number")


def downgrade() -> None:
    raise NotImplementedError("an example")
