"""expand-and-contract-mixed: safe."""

from alembic import op

revision = "safe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    op.execute("DROP TRIGGER orders_touch ON orders")


def downgrade() -> None:
    raise NotImplementedError("an example")
