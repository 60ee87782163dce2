"""own-transaction-control: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("channel", sa.Text))
    op.execute("COMMIT")


def downgrade() -> None:
    raise NotImplementedError("an example")
