"""Step 4, tighten, second half: the two names are NOT NULL

VALIDATE reads the table under a lock that lets everybody read and write; SET NOT NULL then believes the valid
check and reads nothing (since PostgreSQL 12; docs, ALTER TABLE).
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COLUMNS = ("given_name", "family_name")


def upgrade():
    if op.get_context().dialect.name == "postgresql":
        for column in _COLUMNS:
            op.execute(f"ALTER TABLE customers VALIDATE CONSTRAINT ck_customers_{column}")
    # alembic-safe: allow batch-copy-tightens because 0005 filled both, and all running code writes them
    with op.batch_alter_table("customers") as customers:
        for column in _COLUMNS:
            customers.alter_column(column, existing_type=sa.String(200), nullable=False)
    if op.get_context().dialect.name == "postgresql":
        for column in _COLUMNS:
            op.drop_constraint(f"ck_customers_{column}", "customers", type_="check")


def downgrade():
    if op.get_context().dialect.name == "postgresql":
        for column in _COLUMNS:
            op.create_check_constraint(
                f"ck_customers_{column}", "customers", f"{column} IS NOT NULL", postgresql_not_valid=True
            )
    with op.batch_alter_table("customers") as customers:
        for column in reversed(_COLUMNS):
            customers.alter_column(column, existing_type=sa.String(200), nullable=True)
