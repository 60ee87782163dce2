"""A journal in an SQLite file: made private, opened on a connection of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from alembic_safe import __version__
from alembic_safe.databases import open_database
from alembic_safe.errors import GaveUpError, RefusedError
from alembic_safe.journal._origins import claim
from alembic_safe.journal._place import bring_up
from alembic_safe.journal._store import Store
from alembic_safe.journal.journal import Journal
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.runs import Origin
from alembic_safe.model.targets import ConnectParameters

_SWITCH_SECONDS = 10.0
_WITH_ORIGINS = 5  # the format that says which database a run was made on
_HAS_META = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"


def open_file(
    path: Path, *, create: bool, origin: Callable[[], Origin] | None = None, shared: bool = False
) -> Journal | None:
    """Open the journal in the file `path`, 0600; None when there is none and `create` is False.

    `origin` tells the database that it is asked about. `shared`: others may have their runs there too, so that
    only that database's are read.
    """
    if not create and not path.exists():
        return None
    if create:
        _make_private(path)
    database = open_database(
        ConnectParameters("sqlite", "sqlite3", {"database": str(path)}),
        policy=ControlPolicy(),
        read_only=not create,
    )
    try:
        return _journal(Store(database, schema=None, origin=origin), path, create, shared)
    except BaseException:
        database.close()
        raise


def _journal(store: Store, path: Path, create: bool, shared: bool) -> Journal | None:
    database = store.database
    if create:
        _switch_to_wal(database)
        with store.transaction(begin="BEGIN IMMEDIATE"):
            if not database.fetch(_HAS_META):
                _create(store, path)
            elif rows := store.rows("format"):
                bring_up(store)
                if shared and rows[0][0] < _WITH_ORIGINS:
                    claim(store)
    elif not database.fetch(_HAS_META):
        database.close()
        return None
    rows = store.rows("format")
    store.own = shared and bool(rows) and rows[0][0] >= _WITH_ORIGINS
    return Journal(store, owned=True)


def _create(store: Store, path: Path) -> None:
    if store.database.fetch("SELECT 1 FROM sqlite_master LIMIT 1"):
        raise RefusedError(
            f"the file {path} is a database, but not a journal of alembic-safe",
            hint='Give the journal another file: `journal = "file:PATH"`.',
        )
    store.run("create", format=1, tool_version=__version__)
    bring_up(store)


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, which would give it the umask's mode; its -wal takes the file's."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise RefusedError(
            f"the journal {path} cannot be made: {error.strerror}",
            hint='Its folder must be writable; another place is set by `journal = "file:PATH"`.',
        ) from error


def _switch_to_wal(database: Database) -> None:
    """In WAL mode writers wait for no reader, and a commit costs no flush (sqlite.org/wal.html).

    The switch needs the file for itself for a moment, and SQLite does not always wait for that: so it is
    tried again while others open the file.
    """
    deadline = time.monotonic() + _SWITCH_SECONDS
    while True:
        try:
            database.fetch("PRAGMA journal_mode = WAL")
            break
        except GaveUpError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA foreign_keys = ON")
