"""partition-attach-scans: safe, revision 3 of 3."""

from alembic import op

revision = "safe_3"
down_revision = "safe_2"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE events ATTACH PARTITION events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
