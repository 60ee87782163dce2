"""partition-detach: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE events DETACH PARTITION events_2024")


def downgrade() -> None:
    raise NotImplementedError("an example")
