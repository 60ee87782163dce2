"""foreign-key-without-index: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("customer_id", sa.BigInteger, sa.ForeignKey("customers.id"), index=True),
        sa.Column("text", sa.Text),
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
