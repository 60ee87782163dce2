"""name-over-63-bytes: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.execute(
        "CREATE TABLE the_orders_of_customers_who_came_back_after_more_than_a_year_of_silence (id bigint)"
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
