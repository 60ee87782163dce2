"""column-type-rewrite: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.alter_column("prices", "cents", type_=sa.BigInteger)


def downgrade() -> None:
    raise NotImplementedError("an example")
