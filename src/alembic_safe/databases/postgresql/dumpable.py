"""Whether a dump can be made at all: rights to read everything, and what the client was built with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from alembic_safe.databases.postgresql.environment import bare_environment
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.errors import BackupError

if TYPE_CHECKING:
    from alembic_safe.databases.postgresql.clients import Client
    from alembic_safe.model.protocols import Database

_SHOWN = 10


def unreadable(database: Database) -> tuple[str, ...]:
    """Tables and sequences that our role may not read whole; at most a hundred."""
    return tuple(str(row[0]) for row in database.fetch(query("unreadable")))


def may_not_read(names: Sequence[str], address: str) -> BackupError:
    """The error for a role that cannot dump, before pg_dump finds it out table by table."""
    shown = ", ".join(names[:_SHOWN]) + (" and more" if len(names) > _SHOWN else "")
    return BackupError(
        f"the role may not read {shown} on {address}, so that no backup can be whole",
        hint="Grant it pg_read_all_data (and BYPASSRLS where row security is on), or set `control-url`.",
    )


def lacking_extensions(database: Database) -> tuple[str, ...]:
    """Extensions in the database whose files the server no longer has: CREATE EXTENSION of a restore would fail.

    Nothing for SQLite. The server's own (plpgsql) are left out, as pg_dump leaves them out (selectDumpableExtension).
    """
    if database.facts.dialect != "postgresql":
        return ()
    return tuple(str(row[0]) for row in database.fetch(query("lacking_extensions")))


def can_compress(client: Client, compression: str) -> bool:
    """Ask the client itself: it looks at the method before it connects, here to a socket that is nowhere."""
    import subprocess

    if compression.partition(":")[0] in ("gzip", "none"):
        return True
    command = [
        str(client.bindir / "pg_dump"),
        f"--compress={compression}",
        "--file=/dev/null",
        "--no-password",
    ]
    environment = bare_environment() | {
        "PGHOST": "/nonexistent",
        "PGCONNECT_TIMEOUT": "2",
        "PGDATABASE": "none",
    }
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return True  # pg_dump's own words will be shown when it comes to it
    return "connection to server" in done.stderr
