"""table-renamed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.rename_table("prices", "price_list")
    # in the same transaction: running code goes on under the old name
    op.execute("CREATE VIEW prices AS SELECT * FROM price_list")


def downgrade() -> None:
    raise NotImplementedError("an example")
