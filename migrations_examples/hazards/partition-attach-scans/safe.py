"""partition-attach-scans: safe, revision 1 of 3."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_check_constraint(
        "events_2025_bound",
        "events_2025",
        "at >= '2025-01-01' AND at < '2026-01-01'",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
