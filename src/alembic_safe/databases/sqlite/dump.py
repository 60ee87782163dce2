"""Copy an SQLite database by the online backup API, and read a copy whole. Implements `Dump`."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from alembic_safe.errors import BackupError
from alembic_safe.model.backups import WHOLE, DumpContent, TableContent
from alembic_safe.quick import dataclass

FILE = "database.sqlite3"
_PAGES = 2048  # of a step: 8 MiB with pages of the usual size
_INSTRUCTIONS = 100_000  # of SQLite's machine between two looks at the clock
_TICK = 0.2
_BUSY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class SqliteReader:
    """Reads copies; needs no database."""

    @property
    def engine(self) -> str:
        return "sqlite"

    @property
    def version(self) -> str:
        return sqlite3.sqlite_version

    def read(self, folder: Path, *, tick: Callable[[], None]) -> tuple[TableContent, ...]:
        """Check the copy's integrity page by page and count the rows of every table."""
        file = folder / FILE
        if not file.is_file():
            raise BackupError(f"the backup has no {FILE}")
        try:
            # Immutable: reading must leave no -wal or -shm beside it.
            with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True)) as copy:
                ticking = _Ticking(tick)
                copy.set_progress_handler(ticking, _INSTRUCTIONS)
                try:
                    return _read(copy)
                finally:
                    ticking.reraise()
        except sqlite3.Error as error:
            raise BackupError(f"{FILE} cannot be read: {error}") from error


def _read(copy: sqlite3.Connection) -> tuple[TableContent, ...]:
    faults = [str(row[0]) for row in copy.execute("PRAGMA integrity_check(10)")]
    if faults != ["ok"]:
        raise BackupError(f"{FILE} is damaged: {faults[0]}", detail="\n".join(faults))
    names = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    counts = []
    for name, sql in copy.execute(names).fetchall():
        if str(sql).upper().startswith("CREATE VIRTUAL"):
            continue  # its rows are in tables of its own, and its module may not be at hand
        quoted = str(name).replace('"', '""')
        counts.append(TableContent(str(name), copy.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0]))
    return tuple(sorted(counts, key=lambda table: table.name))


@dataclass(frozen=True, slots=True)
class SqliteDump(SqliteReader):
    """Copies one file."""

    path: Path

    def check(self, compression: str) -> None:
        """A copy is never compressed, and whoever reads the file reads all of it."""

    def write(
        self,
        folder: Path,
        *,
        jobs: int,
        compression: str,
        tick: Callable[[], None],
        content: DumpContent = WHOLE,
    ) -> None:
        """Copy the database into `folder`, consistent while others write. It is always whole."""
        file = folder / FILE
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            self._copy(file, tick)
        except sqlite3.Error as error:
            raise BackupError(
                f"{self.path} cannot be copied: {error}", hint=_advice(str(error)), detail=str(error)
            ) from error

    def _copy(self, file: Path, tick: Callable[[], None]) -> None:
        if not self.path.exists():
            return  # a missing database is an empty one, and so is an empty file
        due = time.monotonic() + _TICK

        def progress(status: int, remaining: int, total: int) -> None:
            nonlocal due
            if time.monotonic() >= due:
                tick()
                due = time.monotonic() + _TICK

        uri = f"file:{quote(str(self.path))}?mode=ro"
        source = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)
        with closing(source), closing(sqlite3.connect(file)) as copy:
            # One read transaction, so that another's writes do not start the copy over and over again.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(copy, pages=_PAGES, progress=progress)
            if copy.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                copy.execute("PRAGMA journal_mode = delete")  # one file, whole by itself


def _advice(text: str) -> str:
    if "disk is full" in text:
        return "Free space in the backup directory, or set another one."
    return "May this user read the file, and is it an SQLite database? Try `PRAGMA integrity_check`."


class _Ticking:
    """A progress handler that calls `tick`. SQLite swallows what it raises, so that is kept for `reraise`."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._due = time.monotonic() + _TICK
        self._raised: BaseException | None = None

    def __call__(self) -> int:
        if time.monotonic() < self._due:
            return 0
        try:
            self._tick()
        except BaseException as error:
            self._raised = error
            return 1  # interrupts the statement
        self._due = time.monotonic() + _TICK
        return 0

    def reraise(self) -> None:
        if self._raised is not None:
            raise self._raised
