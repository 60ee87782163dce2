"""batch-copy-casts: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("joined_at", sa.DateTime))
    op.execute("UPDATE customers SET joined_at = joined WHERE joined_at IS NULL")


def downgrade() -> None:
    raise NotImplementedError("an example")
