"""What an SQLite file says of the tables that a plan names: columns, keys, indexes, views, rows there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alembic_safe.model.catalog import Catalog, CatalogColumn, CatalogIndex, CatalogTable
from alembic_safe.model.facts import Constraint, Name
from alembic_safe.model.live import LiveFacts, LiveLook, LiveTable
from alembic_safe.model.protocols import Database

# sqlite.org/pragma.html: table_xinfo's "hidden"
_GENERATED = {2: "virtual", 3: "stored"}
# PostgreSQL's newest: what judges knows SQLite by its dialect, not by a version
_VERSION = 18


def look(database: Database, names: Iterable[Name]) -> LiveLook:
    """Every table of the file: there are few, and foreign keys lead from one to the other."""
    rows = database.fetch(
        "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        " AND type IN ('table', 'view', 'index') ORDER BY name"
    )
    tables = tuple(_table(database, kind, name) for kind, name, _ in rows if kind in ("table", "view"))
    indexes = tuple(_index(database, name, table) for kind, name, table in rows if kind == "index")
    wanted = {name.name.lower() for name in names}
    live = {t.name: LiveTable(t.name, *_size(database, t)) for t in tables if t.name.name.lower() in wanted}
    return LiveLook(LiveFacts(_VERSION, live), Catalog(tables, indexes, definitions=_definitions(database)))


def _definitions(database: Database) -> tuple[str, ...]:
    """The texts that made what is there: checks, predicates, and what views and triggers name stand only there."""
    rows = database.fetch(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        " ORDER BY type = 'view', type = 'trigger', type = 'index', rowid"
    )
    return tuple(str(row[0]) for row in rows)


def _table(database: Database, kind: str, name: str) -> CatalogTable:
    info = database.fetch(
        'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', [name]
    )
    columns = tuple(
        CatalogColumn(column, type_.lower(), bool(required or key), default, _GENERATED.get(hidden, ""))
        for column, type_, required, default, key, hidden in info
    )
    keys = sorted((key, column) for column, _, _, _, key, _ in info if key)
    constraints = [Constraint("primary key", f"{name}_pkey", tuple(c for _, c in keys))] if keys else []
    return CatalogTable(Name(name), kind, columns, (*constraints, *_foreign_keys(database, name)))


def _foreign_keys(database: Database, name: str) -> Iterator[Constraint]:
    rows = database.fetch(
        'SELECT id, "table", "from", "to", on_delete FROM pragma_foreign_key_list(?) ORDER BY id, seq', [name]
    )
    for number in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == number]
        yield Constraint(
            "foreign key",
            f"{name}_fkey{number}",
            tuple(row[2] for row in own),
            references=Name(own[0][1]),
            referenced_columns=tuple(row[3] for row in own if row[3] is not None),
            on_delete="" if own[0][4] == "NO ACTION" else own[0][4].lower(),
        )


def _index(database: Database, name: str, table: str) -> CatalogIndex:
    columns = database.fetch("SELECT name FROM pragma_index_info(?) ORDER BY seqno", [name])
    unique = database.fetch('SELECT "unique" FROM pragma_index_list(?) WHERE name = ?', [table, name])
    return CatalogIndex(Name(name), Name(table), tuple(row[0] for row in columns if row[0]), unique == [(1,)])


def _size(database: Database, table: CatalogTable) -> tuple[float | None, int]:
    """Rows as far as they tell of loss (none, or some), and no size: nobody works beside SQLite's migration."""
    if table.kind != "table":
        return None, 0
    quoted = '"' + table.name.name.replace('"', '""') + '"'
    return (None if database.fetch(f"SELECT 1 FROM {quoted} LIMIT 1") else 0.0), 0
