"""statement-fails: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None
# what the server answers with
fails = "42601"
fails_before = 18


def upgrade() -> None:
    op.execute("ALTER TABLE orders ADD CONSTRAINT note_set NOT NULL note NOT VALID")
    op.execute("ALTER TABLE orders DROP CONSTRAINT note_set")


def downgrade() -> None:
    raise NotImplementedError("an example")
