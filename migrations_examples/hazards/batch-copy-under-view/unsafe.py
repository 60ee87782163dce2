"""batch-copy-under-view: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None
fails = "error in view article_prices"


def upgrade() -> None:
    with op.batch_alter_table("prices") as batch:
        batch.alter_column("cents", type_=sa.BigInteger, existing_type=sa.Integer)


def downgrade() -> None:
    raise NotImplementedError("an example")
