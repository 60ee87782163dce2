"""column-change-refused: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.alter_column("orders", "note", type_=sa.Text)


def downgrade() -> None:
    raise NotImplementedError("an example")
