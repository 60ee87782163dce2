"""constraint-timing-changed: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column(
            "customer_id",
            sa.BigInteger,
            sa.ForeignKey("customers.id", deferrable=True, initially="DEFERRED"),
            index=True,
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
