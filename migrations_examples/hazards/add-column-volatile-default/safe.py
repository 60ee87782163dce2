"""add-column-volatile-default: safe."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("token", postgresql.UUID))
    op.alter_column("orders", "token", server_default=sa.text("gen_random_uuid()"))
    # now() is stable: one value for all rows, kept in the catalog
    op.add_column("orders", sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.func.now()))


def downgrade() -> None:
    raise NotImplementedError("an example")
