"""constraint-timing-changed: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE lines ALTER CONSTRAINT lines_order_fk DEFERRABLE INITIALLY DEFERRED")


def downgrade() -> None:
    raise NotImplementedError("an example")
