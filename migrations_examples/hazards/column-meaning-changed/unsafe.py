"""column-meaning-changed: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.alter_column("orders", "paid", server_default=sa.true())


def downgrade() -> None:
    raise NotImplementedError("an example")
