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


def asks_catalog(sql: str) -> bool:
    """Whether it asks the server about itself or the schema."""
    return bool(_CATALOG.match(sql))


def is_of_the_catalog(sql: str) -> bool:
    """Whether it only asks the system catalog, or the version table."""
    return asks_catalog(sql) or (bool(_READS.match(sql)) and bool(_VERSION.search(sql)))


def reads_rows(sql: str) -> bool:
    """Whether it reads a table of the project's."""
    return bool(_READS.match(sql)) and not _CATALOG.match(sql) and not _VERSION.search(sql)
