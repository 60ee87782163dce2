"""validate-in-the-same-transaction: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.create_check_constraint("ck_orders_net", "orders", "net >= 0", postgresql_not_valid=True)
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_net")


def downgrade() -> None:
    raise NotImplementedError("an example")
