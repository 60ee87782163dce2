"""truncate: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_table("staging", sa.Column("id", sa.BigInteger))
    op.execute("TRUNCATE staging")


def downgrade() -> None:
    raise NotImplementedError("an example")
