"""history-not-linear: safe, revision 1 of 2."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_table("one", sa.Column("id", sa.BigInteger))


def downgrade() -> None:
    raise NotImplementedError("an example")
