"""unique-constraint-builds-index: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.create_unique_constraint("uq_customers_name", "customers", ["name"])


def downgrade() -> None:
    raise NotImplementedError("an example")
