"""view-replaced: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None
# what the server answers with
fails = "42P16"


def upgrade() -> None:
    op.execute("CREATE OR REPLACE VIEW open_orders AS SELECT id, net FROM orders WHERE NOT paid")


def downgrade() -> None:
    raise NotImplementedError("an example")
