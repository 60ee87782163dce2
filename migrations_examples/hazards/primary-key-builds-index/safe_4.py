"""primary-key-builds-index: safe, revision 4 of 5."""

from alembic import op

revision = "safe_4"
down_revision = "safe_3"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # alembic-safe: allow unique-on-existing-rows because a query found no duplicates
        op.create_index("prices_pkey", "prices", ["article"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
