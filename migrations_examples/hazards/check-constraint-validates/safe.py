"""check-constraint-validates: safe, revision 1 of 2."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_check_constraint("ck_orders_net", "orders", "net >= 0", postgresql_not_valid=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
