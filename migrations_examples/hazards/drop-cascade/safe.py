"""drop-cascade: safe."""

from alembic import op

revision = "safe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    op.drop_column("customers", "mood")
    op.execute("DROP TYPE mood")


def downgrade() -> None:
    raise NotImplementedError("an example")
