"""The tool that reads a dump without its database, and where a dump begins in the server's log of changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from alembic_safe.errors import AlembicSafeError, BackupError, UnreachableError
from alembic_safe.model.backups import TableContent
from alembic_safe.model.protocols import Database

_POSITION = (
    "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()"
    " ELSE pg_catalog.pg_current_wal_lsn() END::text"
)


class DumpReader(Protocol):
    """Reads a dump whole; see `Dump.read`."""

    @property
    def version(self) -> str: ...

    def read(self, folder: Path, *, tick: Callable[[], None]) -> tuple[TableContent, ...]: ...


def reading_tool(engine: str, version: str, bindir: Path | None) -> DumpReader:
    """What reads a dump that `engine` ("pg_dump", "sqlite") of `version` wrote: that major or a newer one.

    Raises `BackupError` when this machine has none, or the engine is not known.
    """
    if engine == "sqlite":
        from alembic_safe.databases.sqlite.dump import SqliteReader

        return SqliteReader()
    if engine == "pg_dump":
        from alembic_safe.databases.postgresql.clients import find_read_client, major_of
        from alembic_safe.databases.postgresql.dump import PostgresReader

        return PostgresReader(find_read_client(major_of(version), bindir=bindir))
    raise BackupError(
        f"a backup made by {engine} cannot be read by this version of alembic-safe",
        hint="Use the version that made it, or a newer one.",
    )


def wal_position(database: Database) -> str | None:
    """The server's WAL position now; None on SQLite, and where the server does not tell."""
    if database.facts.dialect != "postgresql":
        return None
    try:
        position = database.fetch(_POSITION)[0][0]
    except UnreachableError:
        raise
    except AlembicSafeError:
        return None
    return None if position is None else str(position)


def system_identifier(database: Database) -> str:
    """What tells the server's data apart from any other's, and a replica shares; "" where it is not told."""
    if database.facts.dialect != "postgresql":
        return ""
    try:
        return str(database.fetch("SELECT system_identifier FROM pg_catalog.pg_control_system()")[0][0])
    except UnreachableError:
        raise
    except AlembicSafeError:
        return ""
