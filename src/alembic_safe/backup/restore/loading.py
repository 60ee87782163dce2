"""Load a dump into an empty database, and compare what arrived with what the backup says it holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from alembic_safe.databases.postgresql import beside
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.objects import SchemaObject, differences, without_owners
from alembic_safe.databases.postgresql.restore import PostgresRestore
from alembic_safe.model.backups import Manifest, TableContent
from alembic_safe.model.events import BackupProgress, EventSink
from alembic_safe.model.restores import Loaded
from alembic_safe.quick import dataclass

Tick = Callable[[], None]
_TELL = 0.5


@dataclass(slots=True)
class Stopwatch:
    """Seconds by part of the work."""

    durations: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.durations[name] = self.durations.get(name, 0.0) + time.monotonic() - began


@dataclass(frozen=True, slots=True)
class Place:
    """An empty database to load into: its name, our connection to another one of its server, and the tools.

    `connect` opens a connection to a database of that server by name. `own` False: owners and grants are left out.
    """

    name: str
    control: PostgresDatabase
    tool: PostgresRestore
    connect: Callable[[str], PostgresDatabase]
    own: bool = True


def load(
    place: Place,
    folder: Path,
    manifest: Manifest,
    *,
    jobs: int,
    sink: EventSink,
    tick: Tick,
    watch: Stopwatch,
) -> Loaded:
    """Load the dump in `folder`, gather statistics, compare objects and rows. Raises `BackupError`.

    Faults of the comparison are in the value: the dump loaded, and something is not as the manifest says.
    """
    progress = _progress(place, sink, tick)
    with watch.part("load"):
        place.tool.load(folder, place.name, jobs=jobs, tick=progress, own=place.own)
    database = place.connect(place.name)
    try:
        with watch.part("analyze"):
            # a dump holds no statistics: without them the first queries would take any plan
            database.execute("ANALYZE")
        tick()
        with watch.part("compare"):
            faults, notes = _compare_objects(place, folder, tick)
            faults += compare_rows(database, manifest.tables, tick)
    finally:
        database.close()
    return Loaded(len(manifest.tables), manifest.rows, dict(watch.durations), faults, notes)


def _compare_objects(place: Place, folder: Path, tick: Tick) -> tuple[tuple[str, ...], tuple[str, ...]]:
    written = place.tool.dumped_objects(folder, tick=tick)
    restored = _without_roots(place.tool.objects(place.name, tick=tick), written)
    if not place.own:
        return differences(without_owners(written), without_owners(restored))
    return differences(written, restored)


def _without_roots(
    restored: dict[SchemaObject, str], written: dict[SchemaObject, str]
) -> dict[SchemaObject, str]:
    """Without what template0 brings and only its maker's dump leaves out: the comment and owner of public."""
    return {
        one: text
        for one, text in restored.items()
        if one in written or (one.schema, one.name) not in {("-", "public"), ("-", "SCHEMA public")}
    }


def compare_rows(database: PostgresDatabase, tables: Sequence[TableContent], tick: Tick) -> tuple[str, ...]:
    """What is wrong with the tables of a loaded database by their numbers of rows: each named, empty: nothing is."""
    kinds = _kinds(database, [table.name for table in tables])
    faults = []
    for table in tables:
        kind, of_extension = kinds.get(table.name, ("", False))
        if not kind:
            faults.append(f"table {table.name}: not restored")
            continue
        # COPY writes a table's own rows, but those of a partitioned table are its partitions'
        only = "" if kind == "p" else "ONLY "
        rows = int(database.fetch(f"SELECT count(*) FROM {only}{table.name}")[0][0])
        tick()
        # an extension fills its tables itself, and the dump holds what was added
        if rows != table.rows and not (of_extension and rows > table.rows):
            faults.append(f"table {table.name}: {rows} rows were restored, {table.rows} are in the backup")
    return tuple(faults)


def _kinds(database: PostgresDatabase, names: list[str]) -> dict[str, tuple[str, bool]]:
    rows = database.fetch(
        "SELECT n.name, c.relkind::text, EXISTS (SELECT 1 FROM pg_catalog.pg_depend AS d"
        " WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
        " FROM pg_catalog.unnest(%s::text[]) AS n (name)"
        " JOIN pg_catalog.pg_class AS c ON c.oid = pg_catalog.to_regclass(n.name)",
        [names],
    )
    return {name: (kind, of_extension) for name, kind, of_extension in rows}


def _progress(place: Place, sink: EventSink, tick: Tick) -> Tick:
    began = told = time.monotonic()

    def progress() -> None:
        nonlocal told
        tick()
        if time.monotonic() - told >= _TELL:
            told = time.monotonic()
            sink(BackupProgress("restore", beside.size(place.control, place.name), told - began))

    return progress
