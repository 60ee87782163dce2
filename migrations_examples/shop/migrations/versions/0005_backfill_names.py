"""Step 3, backfill: split the names of customers that were there before

In batches that are committed one by one: one UPDATE of the whole table would keep every row locked, and every
old row version alive, until its end. The condition leaves out what is done: it may be run again after it was
cut off, and the loop ends.

Step 4 begins with a deployment: from here on the application reads the two columns.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BATCH = 1000


# alembic-safe: re-runnable
def upgrade():
    find = "strpos" if op.get_context().dialect.name == "postgresql" else "instr"
    blank = f"{find}(name, ' ')"
    # the word before the first blank, and what follows it; a name of one word is a given name
    statement = sa.text(
        f"""
        UPDATE customers
        SET given_name = CASE {blank} WHEN 0 THEN name ELSE substr(name, 1, {blank} - 1) END,
            family_name = CASE {blank} WHEN 0 THEN '' ELSE substr(name, {blank} + 1) END
        WHERE id IN (
            SELECT id FROM customers WHERE given_name IS NULL AND name IS NOT NULL ORDER BY id LIMIT {_BATCH}
        )
        """
    )
    with op.get_context().autocommit_block():
        while op.get_bind().execute(statement).rowcount > 0:
            pass


def downgrade():
    """Nothing: what the application wrote in the meantime must stay."""
