"""partition-leaves-parent: safe."""

from alembic import op

revision = "safe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE events DETACH PARTITION events_2024 CONCURRENTLY")


def downgrade() -> None:
    raise NotImplementedError("an example")
