"""privileges-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("REVOKE SELECT ON orders FROM PUBLIC")


def downgrade() -> None:
    raise NotImplementedError("an example")
