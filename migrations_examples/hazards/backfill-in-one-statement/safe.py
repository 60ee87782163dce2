"""backfill-in-one-statement: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None

# alembic-safe: re-runnable


def upgrade() -> None:
    batch = sa.text(
        "UPDATE orders SET state = 'open' WHERE id IN "
        "(SELECT id FROM orders WHERE state IS NULL ORDER BY id LIMIT 1000)"
    )
    with op.get_context().autocommit_block():
        if op.get_context().as_sql:
            op.execute(batch)  # one batch stands for all, where there are no rows to count
        else:
            while op.get_bind().execute(batch).rowcount:
                pass


def downgrade() -> None:
    raise NotImplementedError("an example")
