"""Step 4, tighten, first half: no new customer without the two names

NOT VALID holds for what is written from now on and reads no row, so the lock is gone at once (PostgreSQL's
docs, ALTER TABLE). SQLite has no such thing: there, 0007 does it all.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    if op.get_context().dialect.name == "postgresql":
        for column in ("given_name", "family_name"):
            op.create_check_constraint(
                f"ck_customers_{column}", "customers", f"{column} IS NOT NULL", postgresql_not_valid=True
            )


def downgrade():
    if op.get_context().dialect.name == "postgresql":
        for column in ("family_name", "given_name"):
            op.drop_constraint(f"ck_customers_{column}", "customers", type_="check")
