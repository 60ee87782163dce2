"""downgrade-missing: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.Text))


def downgrade() -> None:
    pass
