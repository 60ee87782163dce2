"""drop-cascade: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    op.execute("DROP TYPE mood CASCADE")


def downgrade() -> None:
    raise NotImplementedError("an example")
