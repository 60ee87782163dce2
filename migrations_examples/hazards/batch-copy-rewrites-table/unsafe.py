"""batch-copy-rewrites-table: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    with op.batch_alter_table("orders", recreate="always") as batch:
        batch.add_column(sa.Column("channel", sa.Text))


def downgrade() -> None:
    raise NotImplementedError("an example")
