"""Subscriptions that a dump brought into a database of ours: taken out, so that it can be dropped.

pg_dump writes them so that they come back disabled and connect nowhere, and the server drops no database that has one
(dropdb in src/backend/commands/dbcommands.c). Their slot is the live database's: it is never touched.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_safe.databases.postgresql.belongings import ident
from alembic_safe.databases.postgresql.failures import connect_failure

if TYPE_CHECKING:
    from alembic_safe.databases.postgresql.database import PostgresDatabase

_NAMES = """
SELECT subname::text FROM pg_catalog.pg_subscription
WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = %s)
"""


def forget_subscriptions(control: PostgresDatabase, name: str) -> None:
    """Drop the subscriptions of the database `name`, which is ours and about to go; their slots stay."""
    names = [str(row[0]) for row in control.fetch(_NAMES, [name])]
    if not names:
        return
    control.execute(f"ALTER DATABASE {ident(name)} ALLOW_CONNECTIONS true")
    with closing(_into(control, name)) as database:
        for one in map(ident, names):
            database.execute(f"ALTER SUBSCRIPTION {one} DISABLE")
            database.execute(f"ALTER SUBSCRIPTION {one} SET (slot_name = NONE)")
            database.execute(f"DROP SUBSCRIPTION {one}")


def _into(control: PostgresDatabase, name: str) -> PostgresDatabase:
    """A connection to another database of the server, as `control` is connected. Raises `UnreachableError`."""
    import psycopg

    from alembic_safe.databases.postgresql.database import PostgresDatabase

    connected = control.connected
    try:
        connection = connected.again(name)
    except psycopg.Error as error:
        raise connect_failure(error, {**connected.keywords, "dbname": name}, connected.secrets) from None
    return PostgresDatabase(replace(connected, connection=connection))
