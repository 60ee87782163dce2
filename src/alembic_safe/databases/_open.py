"""Open our own connection to a target's database, whatever its dialect. Drivers are imported late."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.protocols import Database, Watcher
from alembic_safe.model.targets import ConnectParameters

CONTROL_APPLICATION = "alembic-safe/control"
GUARD_APPLICATION = "alembic-safe/guard"


def warm_up() -> None:
    """Import the driver of our own connection, which takes a third of a second, while something else is waited for.

    Where it cannot be imported nothing is said here: `open_database` says it if a PostgreSQL is opened at all.
    """
    with suppress(ImportError):
        import psycopg  # noqa: F401


def open_database(
    parameters: ConnectParameters,
    *,
    policy: ControlPolicy,
    application_name: str = CONTROL_APPLICATION,
    read_only: bool = False,
) -> Database:
    """Connect to the database that `parameters` (or the policy's own keywords) name.

    `read_only`: the session can write nothing, and a missing SQLite file is not created. Raises
    `UnreachableError` saying why when there is no connection, `UsageError` where none can exist
    (no libpq on this machine, an SQLite database in memory).
    """
    if parameters.dialect == "sqlite":
        from alembic_safe.databases.sqlite.database import SqliteDatabase

        return SqliteDatabase.open(parameters, what=application_name, read_only=read_only)
    from alembic_safe.databases.postgresql.connection import connect
    from alembic_safe.databases.postgresql.database import PostgresDatabase

    return PostgresDatabase(connect(parameters, policy, application_name, read_only=read_only))


def open_watcher(parameters: ConnectParameters, *, policy: ControlPolicy) -> Watcher:
    """The guard's connection to a PostgreSQL database; as `open_database` otherwise."""
    from alembic_safe.databases.postgresql.connection import connect
    from alembic_safe.databases.postgresql.database import PostgresDatabase
    from alembic_safe.databases.postgresql.watching import PostgresWatcher

    connected = connect(parameters, policy, GUARD_APPLICATION, read_only=True)
    return PostgresWatcher(PostgresDatabase(connected))


def copy_tables(source: Database, destination: Database, schema: str, tables: Sequence[str]) -> None:
    """See `databases.postgresql.copying`; both are PostgreSQL databases."""
    from alembic_safe.databases.postgresql.copying import copy_tables as copy
    from alembic_safe.databases.postgresql.database import PostgresDatabase

    if not (isinstance(source, PostgresDatabase) and isinstance(destination, PostgresDatabase)):
        raise TypeError("only tables of PostgreSQL are copied so")
    copy(source, destination, schema, tables)
