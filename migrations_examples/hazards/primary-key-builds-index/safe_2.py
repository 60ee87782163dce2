"""primary-key-builds-index: safe, revision 2 of 5."""

from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    op.execute("ALTER TABLE prices VALIDATE CONSTRAINT prices_article_not_null")


def downgrade() -> None:
    raise NotImplementedError("an example")
