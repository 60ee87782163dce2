"""function-replaced: unsafe."""

from alembic import op

revision = "unsafe"
down_revision = None
# what the server answers with
fails = "42P13"


def upgrade() -> None:
    op.execute("CREATE OR REPLACE FUNCTION rate(city text) RETURNS numeric LANGUAGE sql AS 'SELECT 0.19'")


def downgrade() -> None:
    raise NotImplementedError("an example")
