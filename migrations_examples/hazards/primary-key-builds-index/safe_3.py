"""primary-key-builds-index: safe, revision 3 of 5."""

from alembic import op

revision = "safe_3"
down_revision = "safe_2"


def upgrade() -> None:
    op.alter_column("prices", "article", nullable=False)


def downgrade() -> None:
    raise NotImplementedError("an example")
