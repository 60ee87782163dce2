"""trigger-changed: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("DROP TRIGGER orders_touch ON orders")
    op.execute(
        "CREATE TRIGGER orders_touch BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()"
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
