"""lock-timeout-lifted: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("orders", sa.Column("channel", sa.Text))


def downgrade() -> None:
    raise NotImplementedError("an example")
