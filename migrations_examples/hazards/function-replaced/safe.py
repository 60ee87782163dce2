"""function-replaced: safe."""

from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE OR REPLACE FUNCTION rate(city text) RETURNS integer LANGUAGE sql AS 'SELECT 19'")


def downgrade() -> None:
    raise NotImplementedError("an example")
