"""required-column-loses-default: unsafe, revision 1 of 2."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.Text, server_default="web", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("an example")
