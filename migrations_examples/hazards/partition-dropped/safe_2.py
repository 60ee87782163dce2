"""partition-dropped: safe, revision 2 of 2."""

from alembic import op

revision = "safe_2"
down_revision = "safe"

# alembic-safe: phase contract


def upgrade() -> None:
    op.drop_table("events_2024")


def downgrade() -> None:
    raise NotImplementedError("an example")
