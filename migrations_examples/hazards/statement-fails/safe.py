"""statement-fails: safe, revision 1 of 2."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.create_check_constraint("note_set", "orders", "note IS NOT NULL", postgresql_not_valid=True)


def downgrade() -> None:
    raise NotImplementedError("an example")
