"""partition-attach-scans: safe, revision 2 of 3."""

from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    op.execute("ALTER TABLE events_2025 VALIDATE CONSTRAINT events_2025_bound")


def downgrade() -> None:
    raise NotImplementedError("an example")
