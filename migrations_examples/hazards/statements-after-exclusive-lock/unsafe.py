"""statements-after-exclusive-lock: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.Text))
    op.execute("CREATE TABLE report AS SELECT article, count(*) AS sold FROM lines GROUP BY article")


def downgrade() -> None:
    raise NotImplementedError("an example")
