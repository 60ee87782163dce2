"""object-dropped: safe."""

from alembic import op

revision = "safe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    op.execute("DROP SEQUENCE invoice_number")


def downgrade() -> None:
    raise NotImplementedError("an example")
