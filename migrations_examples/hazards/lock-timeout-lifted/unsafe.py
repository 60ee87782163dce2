"""lock-timeout-lifted: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("SET lock_timeout = 0")
    op.add_column("orders", sa.Column("channel", sa.Text))


def downgrade() -> None:
    raise NotImplementedError("an example")
