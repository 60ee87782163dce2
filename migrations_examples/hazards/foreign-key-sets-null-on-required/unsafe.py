"""foreign-key-sets-null-on-required: unsafe, revision 1 of 2."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.create_foreign_key(
        "fk_orders_customer",
        "orders",
        "customers",
        ["customer_id"],
        ["id"],
        ondelete="SET NULL",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
