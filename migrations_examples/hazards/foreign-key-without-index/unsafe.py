"""foreign-key-without-index: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("customer_id", sa.BigInteger, sa.ForeignKey("customers.id")),
        sa.Column("text", sa.Text),
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
