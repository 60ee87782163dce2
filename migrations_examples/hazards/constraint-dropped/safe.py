"""constraint-dropped: safe."""

from alembic import op

revision = "safe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    op.drop_constraint("customers_email_key", "customers")


def downgrade() -> None:
    raise NotImplementedError("an example")
