"""add-required-column: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None
# what the server answers with
fails = "23502"


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.Text, default="web", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("an example")
