"""index-on-partitioned-parent: safe, revision 1 of 3."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_events_at ON ONLY events (at)")


def downgrade() -> None:
    raise NotImplementedError("an example")
