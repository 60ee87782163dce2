"""several-old-tables-locked: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.Text))
    op.add_column("customers", sa.Column("channel", sa.Text))


def downgrade() -> None:
    raise NotImplementedError("an example")
