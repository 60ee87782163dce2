"""What fails because something is there already, or is not there any more (42P07, 42701, 42710, 42P01, 42703).

Only what the replayed history is certain of: what it saw made and not go, a column that a wholly known table lacks,
a relation that it saw go. Nothing is said of what stands inside a block, which may look first or catch the error.
"""

from __future__ import annotations

from alembic_safe.model.facts import Action, Name, Reading
from alembic_safe.sql.schema.model import Schema, TableState, key

_RELATIONS = {"table", "foreign table", "view", "materialized view"}
_OF_COLUMN = {
    "drop column", "rename column", "alter column type", "set not null", "drop not null", "set default",
    "drop default", "set statistics", "set storage", "add identity", "drop identity", "drop expression",
}  # fmt: skip
_WRITES = {
    "alter table",
    "alter view",
    "alter materialized view",
    "truncate table",
    "insert",
    "update",
    "delete",
}


def existence(reading: Reading, schema: Schema) -> str:
    """Why the statement fails, in words; "" where it does not, or that is not known."""
    if not schema.knows_all or reading.not_understood or "temporary" in reading.flags:
        return ""
    if "if not exists" in reading.flags or "or replace" in reading.flags:
        return ""
    target = reading.target
    if target is None or not target.name.certain:
        return ""
    if target.role == "created":
        return _made(reading, target.kind, target.name, schema)
    if reading.kind == "alter type":
        return _values(reading, schema)
    if "if exists" in reading.flags:
        return ""
    if reading.kind in _WRITES or (reading.kind.startswith("drop ") and target.kind in _RELATIONS):
        gone = [o.name for o in reading.objects if o.role != "read" and schema.gone(o.name)]
        if gone:
            return f"{gone[0]} went earlier (42P01)"
    table = schema.table(target.name)
    return _columns(reading, table) if reading.kind == "alter table" and table is not None else ""


def _made(reading: Reading, kind: str, name: Name, schema: Schema) -> str:
    if kind in _RELATIONS and schema.table(name) is not None:
        return f"{name} is there already (42P07)"
    if kind in ("type", "domain") and schema.type(name) is not None:
        return f"the type {name} is there already (42710)"
    if kind == "sequence" and ("sequence", key(name)) in schema.others:
        return f"the sequence {name} is there already (42P07)"
    on = next((o.name for o in reading.objects if o.role == "on"), None)
    if kind == "index" and on is not None and schema.gone(on):
        return f"{on} went earlier (42P01)"
    # whether an index is there is not said: what becomes of its name with its table is not followed in all ways
    return ""


def _values(reading: Reading, schema: Schema) -> str:
    target = reading.target
    state = schema.type(target.name) if target is not None else None
    for action in reading.actions:
        known = state is not None and action.name in state.values
        if action.kind == "add value" and known and "if not exists" not in action.flags:
            return f"the value {action.name} is there already (42710)"
    return ""


def _columns(reading: Reading, table: TableState) -> str:
    """Actions are looked at as the table stands before the statement, so those that build on each other are left."""
    if any(a.kind in ("add column", "rename column") for a in reading.actions) and len(reading.actions) > 1:
        return ""
    return next((why for action in reading.actions if (why := _of(action, table))), "")


def _of(action: Action, table: TableState) -> str:
    column = action.column.name if action.column is not None else ""
    if action.kind == "add column" and column in table.columns and "if not exists" not in action.flags:
        return f"{table.name} has a column {column} already (42701)"
    if action.kind == "rename column" and action.new_name in table.columns:
        return f"{table.name} has a column {action.new_name} already (42701)"
    if action.kind == "add constraint" and action.constraint is not None:
        name = action.constraint.name
        return f"{table.name} has a constraint {name} already (42710)" if name in table.constraints else ""
    missing = action.kind in _OF_COLUMN and table.complete and bool(table.columns)
    name = action.name or ""
    if missing and table.kind == "table" and name not in table.columns and "if exists" not in action.flags:
        return f"{table.name} has no column {name} (42703)" if name and name != "?" else ""
    return ""
