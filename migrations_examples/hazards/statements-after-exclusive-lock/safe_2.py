"""statements-after-exclusive-lock: safe, revision 2 of 2."""

from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    op.execute("CREATE TABLE report AS SELECT article, count(*) AS sold FROM lines GROUP BY article")


def downgrade() -> None:
    raise NotImplementedError("an example")
