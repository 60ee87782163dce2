"""What a rehearsal asks of a clone from outside: sizes, locks of others, and a digest of what tables hold."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from alembic_safe.databases.postgresql.belongings import ident
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.model.protocols import Database
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class RelationSize:
    """A table's name in full and its bytes; `rows` is the planner's estimate, None where it was never analysed."""

    schema: str
    name: str
    kind: str
    bytes: int
    index_bytes: int
    rows: float | None

    @property
    def key(self) -> tuple[str, str]:
        """What the same table of another database is told by."""
        return self.schema, self.name


@dataclass(frozen=True, slots=True)
class Digest:
    """What a table holds: its rows, and for each column a sum over them that the order of rows does not change."""

    rows: int
    columns: dict[str, int]


def relation_sizes(database: Database) -> dict[int, RelationSize]:
    """Every table and materialized view by oid. Raises `UnreachableError`; a locked table is waited for."""
    return {
        oid: RelationSize(schema, name, kind, int(own), int(indexes), rows if rows >= 0 else None)
        for oid, schema, name, kind, own, indexes, rows in database.fetch(query("relation_sizes"))
    }


def locks_of_others(database: Database) -> list[tuple[int, str]]:
    """(oid, mode) of every lock on a relation here that is not this session's own."""
    return [(int(oid), str(mode)) for oid, mode in database.fetch(query("locks_of_others"))]


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
        name = f"{ident(schema)}.{ident(table)}"
        row = database.fetch(f"SELECT count(*), {', '.join(sums)} FROM ONLY {name}")[0]
        found[name] = Digest(int(row[0]), dict(zip(names, map(int, row[1:]), strict=True)))
        tick()
    return found
