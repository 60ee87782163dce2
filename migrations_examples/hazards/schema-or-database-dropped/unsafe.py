"""schema-or-database-dropped: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("DROP SCHEMA old CASCADE")


def downgrade() -> None:
    raise NotImplementedError("an example")
