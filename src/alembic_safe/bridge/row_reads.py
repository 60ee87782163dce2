"""Which statements read rows of the project's tables, and which only ask the system catalog. Pure."""

from __future__ import annotations

import re

_CATALOG = re.compile(
    r"\s*(?:select|with)\b.*\b(?:pg_catalog\.|information_schema\.|sqlite_master\b)|\s*show\b"
    r"|\s*pragma\b(?!\s+(?:foreign_keys|legacy_alter_table)\s*[=(])",
    re.IGNORECASE | re.DOTALL,
)
_READS = re.compile(r"\s*(?:select\b.*\bfrom\b|with\b)", re.IGNORECASE | re.DOTALL)
_VERSION = re.compile(r"\bfrom\s+(?:\w+\.)?alembic_version\b", re.IGNORECASE)
_FROM = re.compile(r"\b(?:from|join)\s+([\w.\"]+)", re.IGNORECASE)


def asks_catalog(sql: str) -> bool:
    """Whether it asks the server about itself or the schema; `pg_` begins the names of its relations alone."""
    if _CATALOG.match(sql):
        return True
    named = _FROM.findall(sql) if _READS.match(sql) else []
    return bool(named) and all(one.lower().startswith("pg_") for one in named)


def is_of_the_catalog(sql: str) -> bool:
    """Whether it only asks the system catalog, or the version table."""
    return asks_catalog(sql) or (bool(_READS.match(sql)) and bool(_VERSION.search(sql)))


def reads_rows(sql: str) -> bool:
    """Whether it reads a table of the project's."""
    return bool(_READS.match(sql)) and not asks_catalog(sql) and not _VERSION.search(sql)
