"""version-table-written: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("DELETE FROM alembic_version WHERE version_num = '9c1'")


def downgrade() -> None:
    raise NotImplementedError("an example")
