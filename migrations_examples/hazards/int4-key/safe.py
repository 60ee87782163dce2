"""int4-key: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "tags", sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True), sa.Column("name", sa.Text)
    )
    # numbered by hand: it does not grow
    op.create_table("colours", sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))


def downgrade() -> None:
    raise NotImplementedError("an example")
