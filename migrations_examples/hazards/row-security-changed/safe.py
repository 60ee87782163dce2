"""row-security-changed: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_table("visits", sa.Column("id", sa.BigInteger))
    op.execute("ALTER TABLE visits ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY everybody ON visits USING (true)")


def downgrade() -> None:
    raise NotImplementedError("an example")
