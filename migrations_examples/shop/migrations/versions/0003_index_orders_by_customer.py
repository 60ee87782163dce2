"""Index orders by customer, while orders keep coming in

A plain CREATE INDEX on PostgreSQL holds off every write to the table until it is done. CONCURRENTLY does not,
and cannot run in a transaction: hence the autocommit block, and nothing else in this revision.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    if op.get_context().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            op.create_index("ix_orders_customer_id", "orders", ["customer_id"], postgresql_concurrently=True)
    else:
        op.create_index("ix_orders_customer_id", "orders", ["customer_id"])


def downgrade():
    if op.get_context().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            op.drop_index("ix_orders_customer_id", "orders", postgresql_concurrently=True)
    else:
        op.drop_index("ix_orders_customer_id", "orders")
