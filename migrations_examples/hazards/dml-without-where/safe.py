"""dml-without-where: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("UPDATE orders SET note = 'seen' WHERE id = 7")


def downgrade() -> None:
    raise NotImplementedError("an example")
