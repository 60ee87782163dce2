"""batch-copy-tightens: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    op.execute("UPDATE customers SET city = 'unknown' WHERE city IS NULL")
    with op.batch_alter_table("customers") as batch:
        batch.alter_column("city", nullable=False, existing_type=sa.Text)


def downgrade() -> None:
    raise NotImplementedError("an example")
