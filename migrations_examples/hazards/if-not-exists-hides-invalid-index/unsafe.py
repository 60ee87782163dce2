"""if-not-exists-hides-invalid-index: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_orders_paid", "orders", ["paid"], postgresql_concurrently=True, if_not_exists=True
        )


def downgrade() -> None:
    raise NotImplementedError("an example")
