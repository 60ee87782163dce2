"""history-not-linear: unsafe, revision 2 of 2."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe_2"
down_revision = None


def upgrade() -> None:
    op.create_table("two", sa.Column("id", sa.BigInteger))


def downgrade() -> None:
    raise NotImplementedError("an example")
