"""Reads from the system catalog what the reach of a plan depends on, and what is told of its tables."""

from __future__ import annotations

from collections.abc import Iterable

from alembic_safe.databases.postgresql.queries import query
from alembic_safe.errors import GaveUpError
from alembic_safe.model.protocols import Database, Rows
from alembic_safe.model.scopes import Catalog, CatalogFunction, CatalogKey, CatalogTable, CatalogTrigger


def read_catalog(database: Database) -> Catalog:
    """Every relation with rows, and what ties them together. A few queries, whatever their number."""
    return Catalog(
        tables=read_tables(database),
        children=tuple(
            (int(parent), int(child)) for parent, child in database.fetch(query("reach_children"))
        ),
        keys=tuple(CatalogKey(*row) for row in database.fetch(query("reach_keys"))),
        triggers=tuple(CatalogTrigger(*row) for row in database.fetch(query("reach_triggers"))),
        functions=tuple(CatalogFunction(*row) for row in database.fetch(query("reach_functions"))),
        views=tuple((int(view), int(table)) for view, table in database.fetch(query("reach_views"))),
        typed=tuple(
            (str(s), str(name), int(table)) for s, name, table in database.fetch(query("reach_typed"))
        ),
    )


def read_tables(database: Database) -> tuple[CatalogTable, ...]:
    """Relations with rows, and views."""
    return tuple(CatalogTable(*row) for row in _sized(database))


def quoted_names(database: Database, oids: Iterable[int]) -> dict[int, str]:
    """Relations' names by oid, with their schema, as they stand in SQL."""
    return {int(oid): str(name) for oid, name in database.fetch(query("quoted_names"), [list(oids)])}


def null_share(database: Database, table: str, column: str) -> float | None:
    """How much of a column is null (0 to 1) by the planner's statistics of `table`, quoted with its schema.

    None where there are none: never analyzed, or not to be read by this role (pg_stats).
    """
    rows = database.fetch(query("null_share"), [table, column])
    return float(rows[0][0]) if rows else None


def _sized(database: Database) -> Rows:
    """Asking a size waits for whoever holds a table exclusively: not for long, since vacuum wrote one down."""
    if database.facts.pooler:  # a setting would stay on a session that the application is given next
        return database.fetch(query("reach_tables_by_pages"))
    before = str(database.fetch("SHOW lock_timeout")[0][0])
    database.execute("SET lock_timeout = '1s'")
    try:
        return database.fetch(query("reach_tables"))
    except GaveUpError:
        return database.fetch(query("reach_tables_by_pages"))
    finally:
        database.execute(f"SET lock_timeout = '{before}'")
