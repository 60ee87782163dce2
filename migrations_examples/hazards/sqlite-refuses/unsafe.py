"""sqlite-refuses: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None
fails = "Cannot add a column with non-constant default"


def upgrade() -> None:
    op.add_column("orders", sa.Column("placed_at", sa.DateTime, server_default=sa.func.now()))


def downgrade() -> None:
    raise NotImplementedError("an example")
