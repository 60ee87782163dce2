"""add-column-volatile-default: unsafe."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("token", postgresql.UUID, server_default=sa.text("gen_random_uuid()")))


def downgrade() -> None:
    raise NotImplementedError("an example")
