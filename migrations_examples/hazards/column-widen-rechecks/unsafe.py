"""column-widen-rechecks: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    # an index on lower(name) is built again
    op.alter_column("customers", "name", type_=sa.String(200))


def downgrade() -> None:
    raise NotImplementedError("an example")
