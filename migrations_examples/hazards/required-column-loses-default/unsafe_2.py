"""required-column-loses-default: unsafe, revision 2 of 2."""

from alembic import op

revision = "unsafe_2"
down_revision = "unsafe"


def upgrade() -> None:
    op.alter_column("orders", "channel", server_default=None)


def downgrade() -> None:
    raise NotImplementedError("an example")
