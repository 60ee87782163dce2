"""foreign-key-type-mismatch: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.create_table("notes", sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), index=True))


def downgrade() -> None:
    raise NotImplementedError("an example")
