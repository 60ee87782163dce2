"""index-on-partitioned-parent: safe, revision 2 of 3."""

from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY ix_events_at_2024 ON events_2024 (at)")


def downgrade() -> None:
    raise NotImplementedError("an example")
