"""batch-copy-casts: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    with op.batch_alter_table("customers") as batch:
        batch.alter_column("joined", type_=sa.DateTime, existing_type=sa.Text)


def downgrade() -> None:
    raise NotImplementedError("an example")
