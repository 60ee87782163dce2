"""Is a database empty? The question as SQL, for the project's connection and for ours. Imports no driver."""

from __future__ import annotations

from alembic_safe.model.targets import Dialect, VersionTable

# relations that are nobody's: the system's, an extension's (its dependency is of type e), a session's own
_POSTGRESQL = """SELECT NOT EXISTS (
  SELECT FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
     AND n.nspname NOT IN ('pg_catalog', 'information_schema', {journal})
     AND n.nspname NOT LIKE 'pg\\_t%'
     AND NOT (c.relname = {table} AND n.nspname = coalesce({schema}, n.nspname))
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                        AND d.deptype = 'e'))"""
_SQLITE = """SELECT NOT EXISTS (
  SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view')
     AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND lower(name) <> lower({table}))"""


def emptiness_sql(dialect: Dialect, version_table: VersionTable, journal_schema: str) -> str:
    """One row with one boolean: whether there is no relation but an (empty) version table and our journal."""
    values = {"journal": journal_schema, "table": version_table.name, "schema": version_table.schema}
    text = _POSTGRESQL if dialect == "postgresql" else _SQLITE
    return text.format(**{name: _literal(value) for name, value in values.items()})


def _literal(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"
