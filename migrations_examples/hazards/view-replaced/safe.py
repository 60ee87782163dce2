"""view-replaced: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE OR REPLACE VIEW open_orders AS SELECT id, state, net FROM orders WHERE NOT paid")


def downgrade() -> None:
    raise NotImplementedError("an example")
