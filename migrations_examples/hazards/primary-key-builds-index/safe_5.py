"""primary-key-builds-index: safe, revision 5 of 5."""

from alembic import op

revision = "safe_5"
down_revision = "safe_4"


def upgrade() -> None:
    op.execute("ALTER TABLE prices ADD CONSTRAINT prices_pkey PRIMARY KEY USING INDEX prices_pkey")


def downgrade() -> None:
    raise NotImplementedError("an example")
