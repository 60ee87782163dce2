"""A target as env.py configured it: where its version table really is, and which server answers."""

from __future__ import annotations

import re
from collections.abc import Collection
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
             where c.oid = to_regclass(quote_ident(:name))), current_schema()::text),
  current_setting('search_path'), array(select nspname::text from pg_catalog.pg_namespace), current_user::text,
  array(select s::text from unnest(current_schemas(false)) as s)"""
_ENTRY = re.compile(r'"(?:[^"]|"")+"|[^",\s]+')


def describe(
    context: MigrationContext,
    ordinal: int,
    section: str,
    heads: tuple[str, ...],
    skipped_schemas: Collection[str] = (),
) -> Target:
    """The target of a configured context. Raises `ProjectError` for a database that we do not know.

    `skipped_schemas` are those that env.py would have created, had it not been a probe: a version table that
    would lie in one of them does not exist, whatever the rest of the search_path shows.
    """
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
    server, pid, role, schemas = "", None, "", ()
    if context.dialect.name == "postgresql":
        query = sa.text(_WHERE.format(identity=SERVER_IDENTITY_SQL.replace(":", "\\:")))
        row = connection.execute(query, {"name": context.version_table}).one()
        server, pid, found, search_path, existing, role, path = row
        schemas = tuple(path)
        coming = None if schema else _coming_schema(search_path, existing, skipped_schemas)
        schema = schema or coming or found
        if coming is not None:
            heads = ()
    exists = bool(heads) or (schema not in skipped_schemas and context._has_version_table())
    return Target(
        ordinal=ordinal,
        section=section,
        parameters=parameters,
        version_table=VersionTable(context.version_table, schema),
        heads=heads if exists else None,
        server=server,
        server_pid=pid,
        role=role,
        search_path=schemas,
    )


def _coming_schema(search_path: str, existing: Collection[str], skipped: Collection[str]) -> str | None:
    """The first schema of `search_path` that is or would be there, if it is one that only would be."""
    for entry in _ENTRY.findall(search_path):
        name = entry[1:-1].replace('""', '"') if entry.startswith('"') else entry
        if name in existing:
            return None
        if name in skipped:
            return str(name)
    return None


def _translated(connection: Any, schema: str | None) -> str | None:
    """The schema after `schema_translate_map`, which tenant loops use."""
    mapping = connection.get_execution_options().get("schema_translate_map") or {}
    found: str | None = mapping.get(schema, schema)
    return found
