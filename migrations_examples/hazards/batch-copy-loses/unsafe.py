"""batch-copy-loses: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    with op.batch_alter_table("articles") as batch:
        batch.alter_column("title", type_=sa.String(80), existing_type=sa.Text)


def downgrade() -> None:
    raise NotImplementedError("an example")
