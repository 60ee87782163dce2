"""add-column-constrained-domain: safe, revision 1 of 2."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("contact", sa.Text))
    op.create_check_constraint("ck_orders_contact", "orders", "contact ~ '@'", postgresql_not_valid=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
