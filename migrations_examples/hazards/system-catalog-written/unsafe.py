"""system-catalog-written: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute(
        "UPDATE pg_attribute SET atttypmod = 204 WHERE attrelid = 'orders'::regclass AND attname = 'note'"
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
