"""What SQLite says and does otherwise: its own words, and the effects of statements on a file. Pure."""

from __future__ import annotations

from alembic_safe.sql.sqlite.effects import facts_of
from alembic_safe.sql.sqlite.reading import read, split
from alembic_safe.sql.sqlite.replay import apply, seeded

__all__ = ["apply", "facts_of", "read", "seeded", "split"]
