"""partition-dropped: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.drop_table("events_2024")


def downgrade() -> None:
    raise NotImplementedError("an example")
