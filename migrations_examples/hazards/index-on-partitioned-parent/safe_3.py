"""index-on-partitioned-parent: safe, revision 3 of 3."""

from alembic import op

revision = "safe_3"
down_revision = "safe_2"


def upgrade() -> None:
    op.execute("ALTER INDEX ix_events_at ATTACH PARTITION ix_events_at_2024")


def downgrade() -> None:
    raise NotImplementedError("an example")
