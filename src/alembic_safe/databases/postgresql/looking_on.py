"""What a rehearsal asks of a clone from outside: sizes, locks of others, and a digest of what tables hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby

from alembic_safe.databases.postgresql.belongings import ident
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.errors import AlembicSafeError, UnreachableError
from alembic_safe.model.protocols import Database
from alembic_safe.quick import dataclass

_SIZE_WAIT = "1s"
_TELLING_READS = 1000
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


@dataclass(frozen=True, slots=True)
class RelationSize:
    """A table's name in full and its bytes; `rows` and `pages` are the planner's, None where it was never analysed."""

    schema: str
    name: str
    kind: str
    bytes: int
    index_bytes: int
    rows: float | None
    pages: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What the same table of another database is told by."""
        return self.schema, self.name


@dataclass(frozen=True, slots=True)
class Buffers:
    """A server's shared buffers in bytes, and the seconds that a page took which was not among them.

    `page` is None where the server does not time it (track_io_timing is off), or has read next to nothing.
    """

    bytes: int
    page: float | None


@dataclass(frozen=True, slots=True)
class Digest:
    """What a table holds: its rows, and for each column a sum over them that the order of rows does not change."""

    rows: int
    columns: dict[str, int]


def relation_sizes(database: Database) -> dict[int, RelationSize]:
    """Every table and materialized view by oid. Raises `UnreachableError`; a locked table is waited for."""
    return _sizes(database, query("relation_sizes"))


def sizes_in_use(database: Database) -> dict[int, RelationSize]:
    """The same of a database that others use: where one holds a table for long, by the last ANALYZE's pages.

    Raises `UnreachableError`.
    """
    database.execute("BEGIN READ ONLY")
    try:
        # in a transaction: behind a pooler a setting would be left to whoever comes next
        database.execute(f"SET LOCAL lock_timeout = '{_SIZE_WAIT}'")
        return relation_sizes(database)
    except UnreachableError:
        raise
    except AlembicSafeError:
        pass  # a table is held, or went meanwhile
    finally:
        with suppress(UnreachableError):
            database.execute("ROLLBACK")
    return _sizes(database, query("relation_pages"))


def _sizes(database: Database, sql: str) -> dict[int, RelationSize]:
    return {
        oid: RelationSize(
            schema, name, kind, int(own), int(indexes), *((rows, int(pages)) if rows >= 0 else (None, None))
        )
        for oid, schema, name, kind, own, indexes, rows, pages in database.fetch(sql)
    }


def buffers_of(database: Database) -> Buffers:
    """Of the server, and of what was read there since its counters began. Raises `UnreachableError`."""
    ((size, read, seconds),) = database.fetch(query("buffers"))
    timed = int(read) >= _TELLING_READS and seconds > 0
    return Buffers(int(size), float(seconds) / int(read) if timed else None)


def locks_of_others(database: Database) -> list[tuple[int, str]]:
    """(oid, mode) of every lock on a relation here that is not this session's own."""
    return [(int(oid), str(mode)) for oid, mode in database.fetch(query("locks_of_others"))]


def send_counters(database: Database) -> None:
    """Have this session's work counted now, and not seconds later, when it would be taken for somebody else's."""
    database.fetch("SELECT pg_catalog.pg_stat_force_next_flush()")


def _readable(name: str) -> str:
    """In quotes where it cannot be read without."""
    return name if _PLAIN.fullmatch(name) else ident(name)


def digests(database: Database, tick: Callable[[], None]) -> dict[str, Digest]:
    """What every table holds, by its name in full. Reads every row once."""
    found = {}
    columns = database.fetch(query("columns_of"))
    for (schema, table), group in groupby(columns, key=lambda row: (row[0], row[1])):
        names = [str(row[2]) for row in group]
        # a value's text is what a person would compare; 64 bits, and their sum as a number without bound
        sums = [
            f"coalesce(sum(pg_catalog.hashtextextended({ident(name)}::text, 0)::numeric), 0)"
            for name in names
        ]
        here = f"{ident(schema)}.{ident(table)}"
        ((rows, *each),) = database.fetch(f"SELECT count(*), {', '.join(sums)} FROM ONLY {here}")
        told = dict(zip(names, map(int, each), strict=True))
        found[f"{_readable(schema)}.{_readable(table)}"] = Digest(int(rows), told)
        tick()
    return found
