"""allowance-not-valid: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_table("tags", sa.Column("name", sa.Text))


def downgrade() -> None:
    raise NotImplementedError("an example")
