"""view-dropped: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("DROP VIEW open_orders")
    op.execute("CREATE VIEW open_orders AS SELECT id, state, net FROM orders WHERE NOT paid")


def downgrade() -> None:
    raise NotImplementedError("an example")
