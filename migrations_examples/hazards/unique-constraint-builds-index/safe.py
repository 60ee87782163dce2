"""unique-constraint-builds-index: safe, revision 1 of 2."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # alembic-safe: allow unique-on-existing-rows because a query found no duplicates, and the code makes none
        op.create_index("uq_customers_name", "customers", ["name"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
