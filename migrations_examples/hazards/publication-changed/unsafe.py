"""publication-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE PUBLICATION reports FOR TABLE prices")


def downgrade() -> None:
    raise NotImplementedError("an example")
