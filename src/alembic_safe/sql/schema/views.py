"""Views, and what else depends on single columns: what cannot change or go while they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from alembic_safe.model.facts import Name, Reading
from alembic_safe.sql.schema.model import ColumnState, Schema, TableState, key

_ON_TABLE = ("trigger", "policy", "rule")


def create_view(schema: Schema, reading: Reading) -> Schema:
    """Enter a view with the columns it gives and those that it reads."""
    target = reading.target
    if target is None:
        return schema
    old = schema.table(target.name)
    read = tuple(o.name for o in reading.objects if o.role == "read")
    made = TableState(
        target.name,
        target.kind,
        {name: ColumnState(name) for name in schema.view_columns(reading) or ()},
        reads=read,
        uses=tuple(dict.fromkeys(_uses(schema, reading, read))),
        shape=tuple((a.name or "", a.value or "") for a in reading.actions if a.kind == "shape"),
        complete=False,
        born=old.born if old else schema.clock,
    )
    return schema.with_table(made)


def _uses(schema: Schema, reading: Reading, read: tuple[Name, ...]) -> Iterator[tuple[Name, str]]:
    by_name = {name.name: name for name in read}
    for action in reading.actions:
        if action.kind != "uses" or action.name is None:
            continue
        of = by_name.get(action.value or "")
        for name in (of,) if of is not None else read:
            table = schema.table(name)
            columns = table.columns if table is not None else {}
            if action.name == "*":
                yield from ((key(name), column) for column in columns)
            elif action.name in columns or (of is not None and (table is None or not table.complete)):
                yield key(name), action.name


def dependent_of(reading: Reading) -> tuple[str, tuple[str, ...]] | None:
    """A trigger, policy or rule with the columns it names."""
    target = reading.target
    if target is None or target.kind not in _ON_TABLE:
        return None
    names = tuple(dict.fromkeys(a.name for a in reading.actions if a.kind == "uses" and a.name))
    return f"the {target.kind} {target.name}", names


def with_dependent(schema: Schema, table: TableState, reading: Reading) -> Schema:
    """Enter or take out what hangs on a table's columns."""
    made = dependent_of(reading)
    if made is None:
        return schema
    kept = {label: names for label, names in table.dependents.items() if label != made[0]}
    if reading.kind.startswith("create"):
        kept[made[0]] = made[1]
    return schema.with_table(replace(table, dependents=kept))


def without_users(schema: Schema, name: Name, column: str) -> Schema:
    """Without the views, triggers, policies and rules that use a column, which DROP COLUMN CASCADE takes along."""
    wanted = (key(name), column)
    for view in tuple(schema.tables.values()):
        if view.kind != "table" and wanted in ((key(of), used) for of, used in view.uses):
            for gone in (*schema.readers(view.name), view):
                schema = schema.without_table(gone.name)
    table = schema.table(name)
    if table is None:
        return schema
    kept = {label: names for label, names in table.dependents.items() if column not in names}
    triggers = {
        trigger: function
        for trigger, function in table.triggers.items()
        if f"the trigger {trigger}" in kept or f"the trigger {trigger}" not in table.dependents
    }
    return schema.with_table(replace(table, dependents=kept, triggers=triggers))
