"""table-renamed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.rename_table("prices", "price_list")


def downgrade() -> None:
    raise NotImplementedError("an example")
