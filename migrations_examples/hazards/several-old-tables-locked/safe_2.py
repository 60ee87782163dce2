"""several-old-tables-locked: safe, revision 2 of 2."""

import sqlalchemy as sa
from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    op.add_column("customers", sa.Column("channel", sa.Text))


def downgrade() -> None:
    raise NotImplementedError("an example")
