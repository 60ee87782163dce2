"""What a clone holds at an edge: its schema as objects and its tables' digests; and two such pictures compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path

from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.looking_on import Digest, digests
from alembic_safe.databases.postgresql.objects import SchemaObject
from alembic_safe.databases.postgresql.restore import find_restore_tool
from alembic_safe.model.protocols import Database
from alembic_safe.model.rehearsals import LostData
from alembic_safe.quick import dataclass

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """A clone at an edge: the text of each object, and what each table holds (empty where rows were not looked at).

    Of an SQLite file (`of_file`) the objects are `rows` of sqlite_master: type, name, table, text.
    """

    objects: Mapping[SchemaObject, str]
    tables: Mapping[str, Digest] = field(default_factory=dict)
    rows: tuple[tuple[str, str, str, str | None], ...] = ()
    of_file: bool = False


def picture(database: Database, bindir: Path | None, *, rows: bool, tick: Tick) -> Picture:
    """A picture of the clone now. Raises `BackupError` where the server's own pg_dump is not at hand."""
    if not isinstance(database, PostgresDatabase):
        return _of_file(database, rows, tick)
    major = database.facts.version_number // 10_000
    tool = find_restore_tool(database, bindir, major)
    objects = tool.objects(database.facts.database, tick=tick)
    return Picture(objects, digests(database, tick) if rows else {})


def _of_file(database: Database, rows: bool, tick: Tick) -> Picture:
    found = database.fetch("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2")
    schema = tuple(
        (str(kind), str(name), str(table), None if sql is None else str(sql))
        for kind, name, table, sql in found
        if not name.startswith("sqlite_")
    )
    tables = {}
    for kind, name, *_ in found if rows else ():
        if kind == "table" and not name.startswith("sqlite_"):
            quoted = '"' + str(name).replace('"', '""') + '"'
            columns = [str(row[1]) for row in database.fetch(f"PRAGMA table_info({quoted})")]
            held = database.fetch(f"SELECT * FROM {quoted}")
            sums = {
                column: sum(hash(repr(row[at])) for row in held)
                for at, column in enumerate(columns)
                if held and at < len(held[0])
            }
            tables[str(name)] = Digest(len(held), sums)
            tick()
    return Picture({}, tables, schema, of_file=True)


def lost_data(before: Picture, after: Picture) -> tuple[LostData, ...]:
    """Tables whose rows, or the values of some columns, are not what they were."""
    return tuple(_lost(before.tables, after.tables))


def _lost(before: Mapping[str, Digest], after: Mapping[str, Digest]) -> Iterator[LostData]:
    for name, was in sorted(before.items()):
        now = after.get(name)
        if now is None:
            if was.rows:
                yield LostData(name, was.rows, None)
            continue
        columns = tuple(
            column for column, value in was.columns.items() if now.columns.get(column, 0) != value
        )
        if now.rows != was.rows or columns:
            yield LostData(name, was.rows, now.rows, columns)
