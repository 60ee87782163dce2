"""Restore an SQLite backup: a copy beside the file, read whole and compared, then one rename."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from alembic_safe.backup.restore.loading import Stopwatch
from alembic_safe.backup.restore.since import written_since
from alembic_safe.databases import reading_tool
from alembic_safe.databases.sqlite import restore as files
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import Manifest
from alembic_safe.model.protocols import Database
from alembic_safe.model.restores import Loaded, RestorePlan

Tick = Callable[[], None]


def plan(
    database: Database, manifest: Manifest, *, into: Path | None, journal_schema: str, now: datetime
) -> RestorePlan:
    """What would be done; `RefusedError` where something stands in the way. Changes nothing."""
    target = Path(database.facts.database).resolve()
    if into is not None:
        if there := files.in_the_way(into):
            raise files.taken(there)
        return RestorePlan(manifest.id, str(target), str(into), None)
    if who := files.holders(target):
        raise files.in_use(target, who)
    kept = files.kept_path(target, now)
    since = written_since(database, manifest, journal_schema=journal_schema)
    return RestorePlan(manifest.id, str(target), str(target), str(kept), since)


@contextmanager
def brought(
    target: Path, dump: Path, manifest: Manifest, now: datetime, tick: Tick, watch: Stopwatch
) -> Iterator[tuple[Path, Loaded]]:
    """The folder beside `target` with the restored file, compared. Raises `BackupError` when it is not whole."""
    with ExitStack() as stack:
        with watch.part("load"):
            folder = stack.enter_context(files.beside(target, dump, now, tick))
        with watch.part("compare"):
            faults = compare(folder, manifest, tick)
        if faults:
            raise BackupError(
                f"what was restored is not what backup {manifest.id} holds: {faults[0]}",
                hint="The live database was not touched. See `alembic-safe backup verify`.",
                detail="\n".join(faults),
            )
        yield folder, Loaded(len(manifest.tables), manifest.rows, dict(watch.durations))


def compare(folder: Path, manifest: Manifest, tick: Tick) -> tuple[str, ...]:
    """What is not as the manifest says in the restored file. Raises `BackupError` when it is damaged."""
    reader = reading_tool(manifest.engine, manifest.tool_version, None)
    now = {table.name: table.rows for table in reader.read(folder, tick=tick)}
    return tuple(
        f"table {table.name}: {now[table.name]} rows were restored, {table.rows} are in the backup"
        if table.name in now
        else f"table {table.name}: not restored"
        for table in manifest.tables
        if now.get(table.name) != table.rows
    )
