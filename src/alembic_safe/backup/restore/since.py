"""What was written to a target after a backup began, as far as the server tells cheaply: an estimate in sentences."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.backups import Manifest, TableContent
from alembic_safe.model.protocols import Database

_EXACT_PAGES = 2000  # of a table that is counted rather than estimated
_EXACT_SECONDS = 5.0
_SHOWN = 5
_TABLES = """
SELECT n.name, c.relkind::text, c.relpages,
       greatest(coalesce(s.n_live_tup, 0), c.reltuples)::bigint
FROM unnest(%s::text[]) AS n (name)
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = pg_catalog.to_regclass(n.name)
LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid
"""
_LOG = "SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), %s::pg_lsn)::bigint"


def written_since(database: Database, manifest: Manifest, *, journal_schema: str) -> tuple[str, ...]:
    """Sentences; never raises but for a lost connection. The journal is left out: it goes on."""
    own = f"{journal_schema}."
    tables = [table for table in manifest.tables if not table.name.startswith(own)]
    return (*_log(database, manifest), *_rows(database, tables))


def _log(database: Database, manifest: Manifest) -> Iterator[str]:
    if manifest.position is None or database.facts.dialect != "postgresql":
        return
    try:
        size = int(database.fetch(_LOG, [manifest.position])[0][0])
    except AlembicSafeError:
        return
    if size > 0:
        yield f"the server wrote {size / 1e6:.1f} MB of changes to its log since (all its databases together)"


def _rows(database: Database, tables: Sequence[TableContent]) -> Iterator[str]:
    now = _counts(database, tables)
    changed = []
    for table in tables:
        if table.name not in now:
            changed.append((table.rows, f"{table.name} is no longer there ({table.rows} rows come back)"))
            continue
        rows, exact = now[table.name]
        if rows is None:
            changed.append((table.rows, f"{table.name} cannot be counted ({table.rows} rows in the backup)"))
        elif rows != table.rows and (exact or abs(rows - table.rows) > table.rows // 50):
            word = "" if exact else "about "
            what = f"{table.name} has {word}{rows} rows, {table.rows} in the backup"
            changed.append((abs(rows - table.rows), what))
    changed.sort(reverse=True)
    yield from (sentence for _, sentence in changed[:_SHOWN])
    if len(changed) > _SHOWN:
        yield f"{len(changed) - _SHOWN} more tables have another number of rows than in the backup"


def _counts(database: Database, tables: Sequence[TableContent]) -> Mapping[str, tuple[int | None, bool]]:
    """Rows by table, and whether they were counted rather than estimated; None where neither can be done.

    What is damaged is a reason to restore, and must not be one to refuse it.
    """
    if database.facts.dialect == "sqlite":
        return {name: rows for table in tables if (rows := _in_file(database, name := table.name))}
    until = time.monotonic() + _EXACT_SECONDS
    found: dict[str, tuple[int | None, bool]] = {}
    for name, kind, pages, estimate in database.fetch(_TABLES, [[table.name for table in tables]]):
        if kind is None:
            continue
        found[name] = (max(int(estimate), 0), False)
        if pages <= _EXACT_PAGES and kind != "p" and time.monotonic() < until:
            try:
                found[name] = (int(database.fetch(f"SELECT count(*) FROM ONLY {name}")[0][0]), True)
            except AlembicSafeError:  # not ours to read, damaged, or dropped since
                continue
    return found


def _in_file(database: Database, name: str) -> tuple[int | None, bool] | None:
    quoted = name.replace('"', '""')
    try:
        if not database.fetch("SELECT 1 FROM sqlite_master WHERE name = ?", [name]):
            return None
        return int(database.fetch(f'SELECT count(*) FROM "{quoted}"')[0][0]), True
    except AlembicSafeError:
        return None, False
