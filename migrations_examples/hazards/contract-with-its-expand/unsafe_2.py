"""contract-with-its-expand: unsafe, revision 2 of 2."""

from alembic import op

revision = "unsafe_2"
down_revision = "unsafe"

# alembic-safe: phase contract


def upgrade() -> None:
    op.execute("DROP TRIGGER orders_touch ON orders")


def downgrade() -> None:
    raise NotImplementedError("an example")
