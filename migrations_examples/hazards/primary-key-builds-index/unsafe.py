"""primary-key-builds-index: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    op.create_primary_key("prices_pkey", "prices", ["article"])


def downgrade() -> None:
    raise NotImplementedError("an example")
