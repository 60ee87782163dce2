"""batch-copy-rewrites-table: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.Text))


def downgrade() -> None:
    raise NotImplementedError("an example")
