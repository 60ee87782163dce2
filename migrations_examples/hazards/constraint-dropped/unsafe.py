"""constraint-dropped: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.drop_constraint("customers_email_key", "customers")


def downgrade() -> None:
    raise NotImplementedError("an example")
