"""Copy whole tables from one database to another by COPY, in one transaction on either side."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from alembic_safe.databases.postgresql.failures import query_failure

if TYPE_CHECKING:
    from alembic_safe.databases.postgresql.database import PostgresDatabase

_COLUMNS = """
SELECT attname::text, attidentity <> ''
FROM pg_catalog.pg_attribute
WHERE attrelid = pg_catalog.to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""


def copy_tables(
    source: PostgresDatabase, destination: PostgresDatabase, schema: str, tables: Sequence[str]
) -> None:
    """Make the tables of `destination` hold what those of `source` hold: all of them, or nothing is changed.

    `tables` come with the referenced before the referencing. Columns are those that both have. Raises as
    `Database.execute` does.
    """
    destination.execute("BEGIN")
    try:
        for table in reversed(tables):
            destination.execute(f"DELETE FROM {_name(schema, table)}")
        for table in tables:
            _copy(source, destination, schema, table)
    except psycopg.Error as error:
        with suppress(Exception):
            destination.execute("ROLLBACK")
        lost = destination.connected.connection.closed
        raise query_failure(
            error, address=destination.facts.address, lost=lost, secrets=destination.connected.secrets
        ) from error
    except BaseException:
        with suppress(Exception):
            destination.execute("ROLLBACK")
        raise
    destination.execute("COMMIT")


def _copy(source: PostgresDatabase, destination: PostgresDatabase, schema: str, table: str) -> None:
    name = _name(schema, table)
    there = {column for column, _ in source.fetch(_COLUMNS, [name])}
    columns = [
        (column, identity) for column, identity in destination.fetch(_COLUMNS, [name]) if column in there
    ]
    listed = sql.SQL(", ").join(sql.Identifier(column) for column, _ in columns)
    where = sql.Identifier(schema, table)
    out = sql.SQL("COPY {} ({}) TO STDOUT").format(where, listed)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(where, listed)
    with (
        source.connected.connection.cursor() as reading,
        destination.connected.connection.cursor() as writing,
        reading.copy(out) as rows,
        writing.copy(into) as taking,
    ):
        for piece in rows:
            taking.write(piece)
    for column in (column for column, identity in columns if identity):
        destination.fetch(
            f"SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence(%s, %s),"
            f" greatest((SELECT max({_ident(column)}) FROM {name}), 1))",
            [name, column],
        )


def _name(schema: str, table: str) -> str:
    return f"{_ident(schema)}.{_ident(table)}"


def _ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
