"""batch-copy-deletes-children: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("PRAGMA foreign_keys=OFF")
    with op.batch_alter_table("parents") as batch:
        batch.alter_column("name", type_=sa.String(80), existing_type=sa.Text)
    op.execute("PRAGMA foreign_key_check")


def downgrade() -> None:
    raise NotImplementedError("an example")
