"""integrity-checks-off: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("SET CONSTRAINTS ALL DEFERRED")


def downgrade() -> None:
    raise NotImplementedError("an example")
