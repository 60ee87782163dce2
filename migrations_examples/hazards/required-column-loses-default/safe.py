"""required-column-loses-default: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.Text, server_default="web", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("an example")
