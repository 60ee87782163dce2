"""set-not-null-scan: safe, revision 3 of 3."""

from alembic import op

revision = "safe_3"
down_revision = "safe_2"


def upgrade() -> None:
    op.alter_column("customers", "name", nullable=False)
    op.drop_constraint("customers_name_not_null", "customers")


def downgrade() -> None:
    raise NotImplementedError("an example")
