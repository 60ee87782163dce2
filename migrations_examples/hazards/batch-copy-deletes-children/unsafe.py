"""batch-copy-deletes-children: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None
loses = "SELECT count(*) FROM children"


def upgrade() -> None:
    op.execute("PRAGMA foreign_keys=ON")
    with op.batch_alter_table("parents") as batch:
        batch.alter_column("name", type_=sa.String(80), existing_type=sa.Text)


def downgrade() -> None:
    raise NotImplementedError("an example")
