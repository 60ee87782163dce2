"""constraint-left-not-valid: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.create_check_constraint("ck_orders_net", "orders", "net >= 0", postgresql_not_valid=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
