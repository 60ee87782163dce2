"""Whether a database holds nothing that a migration could hurt, asked on the project's own connection."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from alembic_safe.databases import emptiness_sql
from alembic_safe.model.targets import Target


def is_empty(connection: Any, target: Target, journal_schema: str) -> bool:
    """Whether nobody's relation is there. Extensions' own are nobody's, and so is an empty version table."""
    text = emptiness_sql(target.dialect, target.version_table, journal_schema)
    return bool(connection.execute(sa.text(text.replace(":", "\\:"))).scalar())
