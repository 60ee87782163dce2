"""How a change would be undone, in words that can be typed."""

from __future__ import annotations

from pathlib import Path

from alembic_safe.model.backups import Manifest


def way_back(directory: Path, manifest: Manifest | None, skip_reason: str | None) -> str:
    """How the change would be undone: the commands, with real paths."""
    if manifest is None:
        return f"none: no backup was made ({skip_reason})" if skip_reason else "delete the database file"
    dump = directory / manifest.id / "dump"
    if manifest.engine == "sqlite":
        return f"backup {manifest.id}: stop the application, then copy {dump}/database.sqlite3 over the file"
    return f"backup {manifest.id}: `createdb NEW`, then `pg_restore --dbname=NEW --jobs=4 {dump}`"
