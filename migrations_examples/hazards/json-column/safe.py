"""json-column: safe."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("extra", postgresql.JSONB))


def downgrade() -> None:
    raise NotImplementedError("an example")
