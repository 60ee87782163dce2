"""batch-copy-under-view: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("DROP VIEW article_prices")
    with op.batch_alter_table("prices") as batch:
        batch.alter_column("cents", type_=sa.BigInteger, existing_type=sa.Integer)
    op.execute("CREATE VIEW article_prices AS SELECT article, cents FROM prices")


def downgrade() -> None:
    raise NotImplementedError("an example")
