"""add-column-stored-generated: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("twice", sa.Numeric, sa.Computed("net * 2", persisted=True)))


def downgrade() -> None:
    raise NotImplementedError("an example")
