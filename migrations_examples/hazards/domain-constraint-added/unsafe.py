"""domain-constraint-added: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER DOMAIN email ADD CONSTRAINT email_short CHECK (length(VALUE) < 200)")


def downgrade() -> None:
    raise NotImplementedError("an example")
