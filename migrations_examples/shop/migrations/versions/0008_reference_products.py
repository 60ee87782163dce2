"""Order lines refer to a product that exists, from now on

A foreign key reads the whole table under a lock on both tables, unless it is made NOT VALID and validated by
another revision. SQLite takes it whole.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    if op.get_context().dialect.name == "postgresql":
        op.create_foreign_key(
            "fk_order_lines_product_id",
            "order_lines",
            "products",
            ["product_id"],
            ["id"],
            postgresql_not_valid=True,
        )
    else:
        # alembic-safe: allow batch-copy-tightens because SQLite knows no NOT VALID, and the lines were looked through
        with op.batch_alter_table("order_lines") as lines:
            lines.create_foreign_key("fk_order_lines_product_id", "products", ["product_id"], ["id"])


def downgrade():
    with op.batch_alter_table("order_lines") as lines:
        lines.drop_constraint("fk_order_lines_product_id", type_="foreignkey")
