"""revision-not-inspectable: unsafe."""

import sqlalchemy as sa
from alembic import op

revision = "unsafe"
down_revision = None


def upgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT count(*) FROM orders")).scalar():
        op.add_column("orders", sa.Column("channel", sa.Text))


def downgrade() -> None:
    raise NotImplementedError("an example")
