"""allowance-not-valid: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    # alembic-safe: allow no-such-rule because nobody looked
    op.create_table("tags", sa.Column("name", sa.Text))


def downgrade() -> None:
    raise NotImplementedError("an example")
