"""partition-leaves-parent: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE events DETACH PARTITION events_2024 CONCURRENTLY")


def downgrade() -> None:
    raise NotImplementedError("an example")
