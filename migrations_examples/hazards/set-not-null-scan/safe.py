"""set-not-null-scan: safe, revision 1 of 3."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_check_constraint(
        "customers_name_not_null", "customers", "name IS NOT NULL", postgresql_not_valid=True
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
