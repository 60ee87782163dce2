"""contract-not-proven: safe."""

from alembic import op

revision = "safe"
down_revision = None

# alembic-safe: phase contract


def upgrade() -> None:
    # the same, where the journal shows that the last release did not map it
    op.drop_column("customers", "mood")


def downgrade() -> None:
    raise NotImplementedError("an example")
