"""primary-key-builds-index: safe, revision 1 of 5."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_check_constraint(
        "prices_article_not_null", "prices", "article IS NOT NULL", postgresql_not_valid=True
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
