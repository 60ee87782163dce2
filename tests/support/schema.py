"""Schemas as text, to compare two databases: what alembic made against what we made."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from pathlib import Path

from tests.support.databases import TestDatabase

_NOISE = re.compile(r"(--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict)")
_VERSION_TABLES = ("alembic_version*",)


def schema_dump(database: TestDatabase | Path, *, exclude_tables: tuple[str, ...] = _VERSION_TABLES) -> str:
    """The schema's SQL without comments, settings, owners, the version tables and our journal."""
    if isinstance(database, Path):
        return _sqlite(database)
    words = [str(database.server.bindir / "pg_dump"), "--schema-only", "--no-owner", "--no-privileges"]
    words += ["--exclude-schema=alembic_safe", *(f"--exclude-table=*.{name}" for name in exclude_tables)]
    keywords = database.keywords
    words += ["-h", keywords["host"], "-p", keywords["port"], "-U", keywords["user"], keywords["dbname"]]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in text.splitlines() if line.strip() and not _NOISE.match(line)) + "\n"


def _sqlite(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name NOT GLOB 'alembic_version*' "
            "ORDER BY type DESC, name"
        ).fetchall()
    finally:
        connection.close()
    return "".join(re.sub(r"\s+", " ", sql).strip() + ";\n" for (sql,) in rows)
