"""column-renamed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.alter_column("customers", "city", new_column_name="town")


def downgrade() -> None:
    raise NotImplementedError("an example")
