"""What a clone holds at an edge: its schema as objects and its tables' digests; and two such pictures compared."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path

from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.looking_on import Digest, digests
from alembic_safe.databases.postgresql.restore import find_restore_tool
from alembic_safe.model.protocols import Database
from alembic_safe.model.rehearsals import LostData
from alembic_safe.quick import dataclass

Tick = Callable[[], None]
_MOST_LINES = 12
_QUOTED = re.compile(r'"([a-z_][a-z0-9_]*)"')


@dataclass(frozen=True, slots=True)
class Picture:
    """A clone at an edge: the text of each object, and what each table holds (empty where rows were not looked at)."""

    objects: Mapping[str, str]
    tables: Mapping[str, Digest] = field(default_factory=dict)


def picture(database: Database, bindir: Path | None, *, rows: bool, tick: Tick) -> Picture:
    """A picture of the clone now. Raises `BackupError` where the server's own pg_dump is not at hand."""
    if not isinstance(database, PostgresDatabase):
        return _of_file(database, rows, tick)
    major = database.facts.version_number // 10_000
    tool = find_restore_tool(database, bindir, major)
    objects = {str(one): text for one, text in tool.objects(database.facts.database, tick=tick).items()}
    return Picture(objects, digests(database, tick) if rows else {})


def _of_file(database: Database, rows: bool, tick: Tick) -> Picture:
    found = database.fetch("SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY 1, 2")
    objects = {
        f"{kind} {name}": _plain(str(sql)) for kind, name, sql in found if not name.startswith("sqlite_")
    }
    tables = {}
    for kind, name, _ in found if rows else ():
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
    return Picture(objects, tables)


def _plain(sql: str) -> str:
    """As SQLite means it: a rename (a batch's too) writes the table's name in quotes, and blanks are nothing."""
    return "\n".join(" ".join(line.split()) for line in _QUOTED.sub(r"\1", sql).split("\n") if line.strip())


def schema_differences(before: Picture, after: Picture) -> tuple[str, ...]:
    """Objects that are gone, that came in addition, and that read differently, with the lines that differ."""
    return tuple(_differences(before.objects, after.objects))


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() - after.keys()):
        yield f"{name}: did not come back"
    for name in sorted(after.keys() - before.keys()):
        yield f"{name}: stayed, and was not there before"
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            lines = difflib.unified_diff(before[name].split("\n"), after[name].split("\n"), lineterm="", n=0)
            changed = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
            more = ["..."] if len(changed) > _MOST_LINES else []
            yield "\n".join([f"{name}: reads differently", *changed[:_MOST_LINES], *more])


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
