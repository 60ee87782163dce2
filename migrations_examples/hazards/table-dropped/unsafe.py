"""table-dropped: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.drop_table("prices")


def downgrade() -> None:
    raise NotImplementedError("an example")
