"""batch-copy-loses: safe."""

import sqlalchemy as sa
from alembic import op

revision = "safe"
down_revision = None


def upgrade() -> None:
    with op.batch_alter_table("articles") as batch:
        batch.alter_column("title", type_=sa.String(80), existing_type=sa.Text)
    op.execute("CREATE INDEX ix_articles_lower_title ON articles (lower(title))")
    op.execute(
        "CREATE TRIGGER articles_title AFTER INSERT ON articles BEGIN"
        " UPDATE articles SET title = trim(title) WHERE id = new.id; END"
    )


def downgrade() -> None:
    raise NotImplementedError("an example")
