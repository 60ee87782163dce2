"""A target as env.py configured it: where its version table really is, and which server answers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext

from alembic_safe.bridge.worker.connections import INFO_KEY
from alembic_safe.databases import SERVER_IDENTITY_SQL
from alembic_safe.errors import ProjectError
from alembic_safe.model.targets import ConnectParameters, Target, VersionTable

# an unqualified version table lies where the session's search_path finds it, else where it would be made
_WHERE = """select ({identity})::text, pg_backend_pid(),
  coalesce((select n.nspname::text from pg_catalog.pg_class c
              join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where c.oid = to_regclass(quote_ident(:name))), current_schema()::text)"""


def describe(context: MigrationContext, ordinal: int, section: str, heads: tuple[str, ...]) -> Target:
    """The target of a configured context. Raises `ProjectError` for a database that we do not know."""
    connection: Any = context.connection
    if context.dialect.name not in {"postgresql", "sqlite"}:
        raise ProjectError(
            f"env.py configures a {context.dialect.name} database, and only PostgreSQL and SQLite are known",
            hint="Use `alembic upgrade` for this database.",
        )
    parameters: ConnectParameters | None = connection.info.get(INFO_KEY)
    if parameters is None:
        raise ProjectError(
            f"the driver of env.py's connection is not known ({type(connection.connection.dbapi_connection).__name__})",
            hint="Known are psycopg, psycopg2, asyncpg, sqlite3 and aiosqlite.",
        )
    schema = _translated(connection, context.version_table_schema)
    server, pid = "", None
    if context.dialect.name == "postgresql":
        query = sa.text(_WHERE.format(identity=SERVER_IDENTITY_SQL.replace(":", "\\:")))
        server, pid, found = connection.execute(query, {"name": context.version_table}).one()
        schema = schema or found
    exists = bool(heads) or context._has_version_table()
    return Target(
        ordinal=ordinal,
        section=section,
        parameters=parameters,
        version_table=VersionTable(context.version_table, schema),
        heads=heads if exists else None,
        server=server,
        server_pid=pid,
    )


def _translated(connection: Any, schema: str | None) -> str | None:
    """The schema after `schema_translate_map`, which tenant loops use."""
    mapping = connection.get_execution_options().get("schema_translate_map") or {}
    found: str | None = mapping.get(schema, schema)
    return found
