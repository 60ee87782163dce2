"""foreign-key-sets-null-on-required: unsafe, revision 2 of 2."""

from alembic import op

revision = "unsafe_2"
down_revision = "unsafe"


def upgrade() -> None:
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_customer")


def downgrade() -> None:
    raise NotImplementedError("an example")
