"""foreign-key-validates: safe, revision 1 of 2."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_foreign_key(
        "fk_orders_customer", "orders", "customers", ["customer_id"], ["id"], postgresql_not_valid=True
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
