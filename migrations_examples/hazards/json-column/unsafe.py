"""json-column: unsafe."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("extra", postgresql.JSON))


def downgrade() -> None:
    raise NotImplementedError("an example")
