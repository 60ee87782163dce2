"""index-drop-blocks-everything: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    # the primary key of (id) stays, so that only the lock matters
    op.drop_index("ix_customers_id", table_name="customers")


def downgrade() -> None:
    raise NotImplementedError("an example")
