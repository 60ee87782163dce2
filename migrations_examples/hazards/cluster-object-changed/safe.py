"""cluster-object-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE prices SET (autovacuum_vacuum_scale_factor = 0.02)")


def downgrade() -> None:
    raise NotImplementedError("an example")
