"""trigger-created: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_table("visits", sa.Column("id", sa.BigInteger))
    op.execute("CREATE TRIGGER visits_touch BEFORE UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION touch()")


def downgrade() -> None:
    raise NotImplementedError("an example")
