"""name-over-63-bytes: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_table("returned_orders", sa.Column("id", sa.BigInteger))


def downgrade() -> None:
    raise NotImplementedError("an example")
