"""add-column-stored-generated: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("twice", sa.Numeric))


def downgrade() -> None:
    raise NotImplementedError("an example")
