"""exclusion-constraint: safe."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_table("bookings", sa.Column("during", postgresql.TSRANGE))
    op.execute("ALTER TABLE bookings ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&)")


def downgrade() -> None:
    raise NotImplementedError("an example")
