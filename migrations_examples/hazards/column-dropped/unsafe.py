"""column-dropped: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.drop_column("customers", "mood")


def downgrade() -> None:
    raise NotImplementedError("an example")
