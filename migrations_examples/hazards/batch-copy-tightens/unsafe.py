"""batch-copy-tightens: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None
fails = "NOT NULL constraint failed"


def upgrade() -> None:
    with op.batch_alter_table("customers") as batch:
        batch.alter_column("city", nullable=False, existing_type=sa.Text)


def downgrade() -> None:
    raise NotImplementedError("an example")
