"""exclusion-constraint: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE lines ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&)")


def downgrade() -> None:
    raise NotImplementedError("an example")
