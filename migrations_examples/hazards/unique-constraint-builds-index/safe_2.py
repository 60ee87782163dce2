"""unique-constraint-builds-index: safe, revision 2 of 2."""

from alembic import op

revision = "safe_2"
down_revision = "safe"


def upgrade() -> None:
    op.execute("ALTER TABLE customers ADD CONSTRAINT uq_customers_name UNIQUE USING INDEX uq_customers_name")


def downgrade() -> None:
    raise NotImplementedError("an example")
