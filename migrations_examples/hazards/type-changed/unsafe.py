"""type-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TYPE mood RENAME VALUE 'cross' TO 'angry'")


def downgrade() -> None:
    raise NotImplementedError("an example")
