"""generated-expression-changed: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("gross_2", sa.Numeric(10, 2)))


def downgrade() -> None:
    raise NotImplementedError("an example")
