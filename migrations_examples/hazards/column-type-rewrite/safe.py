"""column-type-rewrite: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    # a longer varchar is stored alike
    op.alter_column("orders", "note", type_=sa.String(200))


def downgrade() -> None:
    raise NotImplementedError("an example")
