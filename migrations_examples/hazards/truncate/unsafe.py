"""truncate: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("TRUNCATE lines")


def downgrade() -> None:
    raise NotImplementedError("an example")
