"""What the target itself says of the relations that a plan names: its catalog, sizes, and who depends on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from alembic_safe.databases.postgresql.assembling import Relation, Relations
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.errors import AlembicSafeError, UnreachableError
from alembic_safe.model.catalog import Catalog, CatalogColumn, CatalogIndex, CatalogRoutine, CatalogType
from alembic_safe.model.facts import Constraint, ConstraintKind, Name
from alembic_safe.model.live import LiveFacts, LiveLook
from alembic_safe.model.protocols import Database, Rows

# a table that is locked against reading for longer stays one of unknown size
_SIZE_WAIT = "1000ms"
_KINDS: dict[str, ConstraintKind] = {
    "c": "check", "f": "foreign key", "p": "primary key", "u": "unique", "x": "exclude", "n": "not null",
}  # fmt: skip
_ACTIONS = {"a": "", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}


def look(
    database: Database, names: Iterable[Name], search_path: Sequence[str], calls: Iterable[Name] = ()
) -> LiveLook:
    """What the catalog has of `names` and of what hangs together with them, as `search_path` resolves them.

    Reads only. Sizes of tables that somebody holds locked against reading are left unknown. Raises
    `UnreachableError` when the connection is gone.
    """
    wanted = sorted({(name.schema or "", name.name) for name in names})
    with _on_path(database, search_path):
        found = database.fetch(
            query("live_relations"),
            {"schemas": [schema or None for schema, _ in wanted], "names": [name for _, name in wanted]},
        )
        relations = Relations([Relation(*row) for row in found], {Name(n, s or None) for s, n in wanted})
        oids = {"oids": list(relations.by_oid)}
        _constraints(relations, database.fetch(query("live_constraints"), oids))
        for oid, *values in database.fetch(query("live_columns"), oids):
            relations.by_oid[oid].columns.append(CatalogColumn(*values))
        for oid, what, name in database.fetch(query("live_dependents"), oids):
            relations.depends(oid, what, name)
        indexes = tuple(_indexes(relations, database.fetch(query("live_indexes"), oids)))
        types = tuple(_types(database.fetch(query("live_types"))))
        called = sorted({name.name for name in calls})
        bodies = database.fetch(query("live_routines"), {"names": called}) if called else []
        timezone, invalid = database.fetch(query("live_server"))[0]
        sizes = _sizes(database, oids)
    for oid, table, index in sizes:
        relations.by_oid[oid].bytes, relations.by_oid[oid].index_bytes = int(table), int(index)
    facts = LiveFacts(
        version=database.facts.version_number // 10_000,
        tables=relations.live(),
        timezone=str(timezone),
        invalid_indexes=tuple(_invalid(invalid)),
    )
    return LiveLook(facts, Catalog(tuple(relations.tables()), indexes, types, tuple(_routines(bodies))))


@contextmanager
def _on_path(database: Database, search_path: Sequence[str]) -> Iterator[None]:
    """With the project's search_path, so that names and the server's own spelling of types mean the same.

    Behind a pooler in one transaction, on one session, which keeps nothing of it.
    """
    if database.facts.pooler:
        with _transaction(database):
            if search_path:
                database.fetch(
                    "SELECT pg_catalog.set_config('search_path', %s, true)", [_quoted(search_path)]
                )
            yield
        return
    if not search_path:
        yield
        return
    before = database.fetch("SELECT pg_catalog.current_setting('search_path')")[0][0]
    setting = "SELECT pg_catalog.set_config('search_path', %s, false)"
    database.fetch(setting, [_quoted(search_path)])
    try:
        yield
    finally:
        with suppress(UnreachableError):
            database.fetch(setting, [before])


@contextmanager
def _transaction(database: Database) -> Iterator[None]:
    database.execute("BEGIN READ ONLY")
    try:
        yield
    finally:
        # nothing was written; and after an error inside it a COMMIT would do no more
        with suppress(UnreachableError):
            database.execute("ROLLBACK")


def _quoted(search_path: Sequence[str]) -> str:
    return ", ".join('"' + schema.replace('"', '""') + '"' for schema in search_path)


def _sizes(database: Database, oids: dict[str, list[int]]) -> Rows:
    """Sizes of all tables, or of none where one of them is locked for long."""
    if database.facts.pooler:
        # the transaction's last question: nothing comes after one that failed
        try:
            database.fetch("SELECT pg_catalog.set_config('lock_timeout', %s, true)", [_SIZE_WAIT])
            return database.fetch(query("live_sizes"), oids)
        except UnreachableError:
            raise
        except AlembicSafeError:
            return []
    setting = "SELECT pg_catalog.set_config('lock_timeout', %s, false)"
    before = database.fetch("SELECT pg_catalog.current_setting('lock_timeout')")[0][0]
    database.fetch(setting, [_SIZE_WAIT])
    try:
        return database.fetch(query("live_sizes"), oids)
    except UnreachableError:
        raise
    except AlembicSafeError:
        return []
    finally:
        with suppress(UnreachableError):
            database.fetch(setting, [before])


def _constraints(relations: Relations, rows: Rows) -> None:
    for row in rows:
        oid, kind, name, columns, expression, other, others, on_delete, on_update = row[:9]
        valid, enforced, deferrable, no_inherit = row[9:]
        relations.by_oid[oid].constraints.append(
            Constraint(
                _KINDS[kind],
                name,
                tuple(columns),
                expression,
                relations.name_of(other),
                tuple(others),
                _ACTIONS.get(on_delete, ""),
                _ACTIONS.get(on_update, ""),
                valid,
                enforced,
                deferrable=deferrable,
                no_inherit=no_inherit,
            )
        )


def _indexes(relations: Relations, rows: Rows) -> Iterator[CatalogIndex]:
    for oid, schema, name, visible, unique, valid, columns, depends, constraint in rows:
        for table in relations.by_oid[oid].names:
            # an index is in its table's schema
            yield CatalogIndex(
                Name(name, table.schema if table.schema or visible else schema),
                table,
                tuple(columns),
                unique,
                tuple(depends),
                constraint,
                valid,
            )


def _types(rows: Rows) -> Iterator[CatalogType]:
    kinds: dict[str, Any] = defaultdict(lambda: "composite", e="enum", d="domain")
    for schema, name, visible, kind, base, constrained, values, unchecked in rows:
        yield CatalogType(
            Name(name, None if visible else schema),
            kinds[kind],
            base,
            constrained,
            tuple(values),
            tuple(unchecked),
        )


def _routines(rows: Rows) -> Iterator[CatalogRoutine]:
    for schema, name, visible, definition in rows:
        yield CatalogRoutine(Name(name, None if visible else schema), definition)


def _invalid(rows: Iterable[str]) -> Iterator[Name]:
    for row in rows:
        schema, _, name = row.partition("\t")
        yield Name(name, schema or None)
