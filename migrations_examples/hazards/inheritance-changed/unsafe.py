"""inheritance-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE events_2025 INHERIT history")


def downgrade() -> None:
    raise NotImplementedError("an example")
