"""sqlite-refuses: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("placed_at", sa.DateTime))


def downgrade() -> None:
    raise NotImplementedError("an example")
