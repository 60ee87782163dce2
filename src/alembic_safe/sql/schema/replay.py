"""Replays readings: `apply(schema, reading)` gives the schema after the statement."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from alembic_safe.model.facts import HOLE, Action, Name, Reading
from alembic_safe.sql.schema.alterations import alter_table
from alembic_safe.sql.schema.domains import constraints_of_domain, with_constraint
from alembic_safe.sql.schema.model import GONE, IndexState, Schema, TypeState, key
from alembic_safe.sql.schema.paths import path_of
from alembic_safe.sql.schema.rights import with_rights, without_rights
from alembic_safe.sql.schema.routines import (
    routine_of,
    signature_dropped,
    with_routine,
    without_routine,
)
from alembic_safe.sql.schema.tables import create_table, detach, mentioned
from alembic_safe.sql.schema.views import create_view, with_dependent


def apply(schema: Schema, reading: Reading) -> Schema:
    """The schema after the statement and those inside it. What was not understood changes nothing."""
    if reading.not_understood and not reading.inner:
        return schema
    for inner in reading.inner if reading.kind != "explain" else ():
        schema = apply(schema, inner)
    if _makes_unseen(reading):
        return replace(schema, knows_all=False)
    change = _CHANGES.get(reading.kind)
    return change(schema, reading) if change else _other(schema, reading)


def _makes_unseen(reading: Reading) -> bool:
    """Whether it makes a relation of a name that is known only when it runs, or gives one a new name so."""
    if any(o.role == "created" and o.kind in _RELATIONS and not o.name.certain for o in reading.objects):
        return True
    renames = [a for a in reading.actions if a.kind in ("rename", "set schema")]
    unseen = reading.target is not None and not reading.target.name.certain
    return bool(renames) and (unseen or any(HOLE in (a.new_name, a.value) for a in renames))


def _other(schema: Schema, reading: Reading) -> Schema:
    """Objects that are only remembered as made, until they are dropped: functions, sequences, triggers, schemas."""
    for made in reading.objects:
        if made.role == "created":
            schema = replace(schema, others={**schema.others, (made.kind, key(made.name)): schema.clock})
        elif made.role == "dropped":
            gone = (made.kind, key(made.name))
            schema = replace(schema, others={k: v for k, v in schema.others.items() if k != gone})
    return _renamed_other(schema, reading)


def _renamed_other(schema: Schema, reading: Reading) -> Schema:
    target = reading.target
    if target is None or not reading.kind.startswith("alter "):
        return schema
    for action in reading.actions:
        held = (target.kind, key(target.name))
        if action.kind in ("rename", "set schema") and held in schema.others:
            name = Name(action.new_name or target.name.name, action.value or target.name.schema)
            others = {k: v for k, v in schema.others.items() if k != held}
            schema = replace(schema, others={**others, (target.kind, key(name)): schema.others[held]})
    return schema


def _drop_schema(schema: Schema, reading: Reading) -> Schema:
    """With CASCADE all that is in it goes as well."""
    if "cascade" in reading.flags:
        for dropped in reading.objects:
            schema = _without_schema(schema, dropped.name.name)
    return _other(schema, reading)


def _without_schema(schema: Schema, name: str) -> Schema:
    if name == "public":
        return replace(
            schema, tables={k: t for k, t in schema.tables.items() if k.schema is not None}, knows_all=False
        )
    for table in tuple(schema.tables.values()):
        if table.name.schema == name:
            schema = _drop_table(schema, table.name, cascade=True)
    return replace(
        schema,
        types={k: t for k, t in schema.types.items() if k.schema != name},
        routines={k: r for k, r in schema.routines.items() if k.schema != name},
        others={k: v for k, v in schema.others.items() if k[1].schema != name},
    )


def _alter_schema(schema: Schema, reading: Reading) -> Schema:
    """RENAME: all that is in it has another name, which is not followed."""
    if any(a.kind == "rename" for a in reading.actions):
        return replace(schema, knows_all=False)
    return schema


def _drop_relations(schema: Schema, reading: Reading) -> Schema:
    for dropped in reading.objects:
        if dropped.role == "dropped":
            schema = _drop_table(schema, dropped.name, cascade="cascade" in reading.flags)
    return schema


def _drop_table(schema: Schema, name: Name, *, cascade: bool) -> Schema:
    table = schema.table(name)
    if table is None:
        return schema
    for parent in table.parents:
        schema = detach(schema, parent, name)
    for child in table.children if table.partitioned or cascade else ():
        schema = _drop_table(schema, child, cascade=cascade)
    for other, constraint in schema.referencing(name) if cascade else ():
        kept = {k: c for k, c in other.constraints.items() if c is not constraint}
        schema = schema.with_table(replace(other, constraints=kept))
    for view in schema.readers(name) if cascade else ():
        schema = schema.without_table(view.name)
    schema = without_rights(schema.without_table(name), name)
    return replace(schema, others={**schema.others, (GONE, key(name)): schema.clock})


def _create_index(schema: Schema, reading: Reading) -> Schema:
    table = next((o.name for o in reading.objects if o.role == "on"), None)
    if table is None:
        return schema
    columns = tuple(a.name for a in reading.actions if a.kind == "index key" and a.name)
    texts = [a.expression.text for a in reading.actions if a.expression is not None]
    target = reading.target
    name = target.name if target else _index_name(schema, table, columns)
    if schema.index(name) is not None:
        return schema
    depends = frozenset().union(*map(mentioned, texts)) if texts else frozenset()
    return schema.with_index(IndexState(name, table, columns, "unique" in reading.flags, depends))


def _index_name(schema: Schema, table: Name, columns: tuple[str, ...]) -> Name:
    """The name the server makes up: table_columns_idx, then with a number."""
    base = "_".join((table.name, *(columns or ("expr",)), "idx"))
    name, number = Name(base, table.schema), 0
    while schema.index(name) is not None:
        number += 1
        name = Name(f"{base}{number}", table.schema)
    return name


def _drop_index(schema: Schema, reading: Reading) -> Schema:
    gone = {key(o.name) for o in reading.objects if o.role == "dropped"}
    return replace(schema, indexes={k: v for k, v in schema.indexes.items() if k not in gone})


def _create_type(schema: Schema, reading: Reading) -> Schema:
    target = reading.target
    if target is None:
        return schema
    domain = next((a for a in reading.actions if a.kind == "domain"), None)
    if domain is not None and domain.column is not None:
        names = constraints_of_domain(target.name.name, domain.column.constraints)
        made = TypeState(
            target.name, "domain", domain.type, bool(names), constraints=names, born=schema.clock
        )
    else:
        values = tuple(a.name or "" for a in reading.actions if a.kind == "enum value")
        composite = any(a.kind == "attribute" for a in reading.actions)
        kind: Literal["composite", "enum"] = "composite" if composite else "enum"
        made = TypeState(target.name, kind, values=values, born=schema.clock)
    return replace(schema, types={**schema.types, key(target.name): made})


def _drop_type(schema: Schema, reading: Reading) -> Schema:
    gone = {key(o.name) for o in reading.objects if o.role == "dropped"}
    if "cascade" in reading.flags:
        for table in tuple(schema.tables.values()):
            columns = {
                name: column
                for name, column in table.columns.items()
                if column.type is None or key(Name(column.type.name, column.type.schema)) not in gone
            }
            if len(columns) < len(table.columns):
                schema = schema.with_table(replace(table, columns=columns))
    return replace(schema, types={k: v for k, v in schema.types.items() if k not in gone})


def _alter_type(schema: Schema, reading: Reading) -> Schema:
    target = reading.target
    state = schema.type(target.name) if target else None
    if target is None or state is None:
        return schema
    types = {k: v for k, v in schema.types.items() if k != key(target.name)}
    for action in reading.actions:
        state = _altered_type(state, action, schema)
    return replace(schema, types={**types, key(state.name): state})


def _altered_type(state: TypeState, action: Action, schema: Schema) -> TypeState:
    if action.kind == "rename" and action.new_name:
        return replace(state, name=Name(action.new_name, state.name.schema))
    if action.kind == "set schema" and action.value:
        return replace(state, name=Name(state.name.name, action.value))
    if action.kind == "rename value" and action.name is not None:
        values = tuple(action.new_name or "" if v == action.name else v for v in state.values)
        return replace(state, values=values)
    if action.kind == "add value" and action.name is not None:
        return replace(
            state, values=(*state.values, action.name), added={**state.added, action.name: schema.clock}
        )
    return with_constraint(state, action) if state.kind == "domain" else state


def _rename_relation(schema: Schema, reading: Reading) -> Schema:
    return alter_table(schema, reading)


def _alter_index(schema: Schema, reading: Reading) -> Schema:
    target = reading.target
    index = schema.index(target.name) if target else None
    renamed = next((a.new_name for a in reading.actions if a.kind == "rename" and a.new_name), None)
    if index is None or renamed is None or target is None:
        return schema
    indexes = {k: v for k, v in schema.indexes.items() if k != key(target.name)}
    name = Name(renamed, index.name.schema)
    return replace(schema, indexes={**indexes, key(name): replace(index, name=name)})


def _trigger(schema: Schema, reading: Reading) -> Schema:
    table = next((schema.table(o.name) for o in reading.objects if o.role == "on"), None)
    target = reading.target
    if table is None or target is None:
        return schema
    triggers = {k: f for k, f in table.triggers.items() if k != target.name.name}
    function = next((o.name for o in reading.objects if o.kind == "function"), None)
    if function is not None:
        triggers[target.name.name] = function
    schema = schema.with_table(replace(table, triggers=triggers))
    return _dependent(schema, reading)


def _dependent(schema: Schema, reading: Reading) -> Schema:
    """A trigger, policy or rule: the columns it names cannot change their type, nor go."""
    table = next((schema.table(o.name) for o in reading.objects if o.role == "on"), None)
    schema = _other(schema, reading)
    return with_dependent(schema, table, reading) if table is not None else schema


def _set(schema: Schema, reading: Reading) -> Schema:
    """SET search_path, and its end: names without a schema mean others from here on."""
    for action in reading.actions:
        if action.name in ("search_path", "all"):
            path = path_of(action.value or "") if reading.kind == "set" and action.value else ()
            schema = schema.with_path(path, local="local" in reading.flags)
    return schema


def _called(schema: Schema, reading: Reading) -> Schema:
    for action in reading.actions:
        called = (action.name or "").removeprefix("pg_catalog.") if action.kind == "call" else ""
        found = _CONFIG.match(action.value or "") if called == "set_config" else None
        if found is not None:
            local = found.group(2).lower() in ("true", "'t'", "'true'", "'on'", "'1'")
            schema = schema.with_path(path_of(found.group(1)), local=local)
    return schema


_CONFIG = re.compile(r"\s*'search_path'\s*,\s*('(?:[^']|'')*')\s*,\s*('?\w+'?)", re.IGNORECASE)


def _create_routine(schema: Schema, reading: Reading) -> Schema:
    made = routine_of(reading)
    if made is not None:
        schema = replace(schema, routines=with_routine(schema.routines, key(made.name), made))
    return _other(schema, reading)


def _drop_routine(schema: Schema, reading: Reading) -> Schema:
    routines = schema.routines
    for gone in reading.objects:
        if gone.role == "dropped":
            signature = signature_dropped(reading.actions, gone.name)
            routines = without_routine(routines, key(gone.name), signature)
    return replace(_other(schema, reading), routines=routines)


_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view"})
_CHANGES: dict[str, Callable[[Schema, Reading], Schema]] = {
    **dict.fromkeys(("create table", "create foreign table", "create table as", "select into"), create_table),
    **dict.fromkeys(("create view", "create materialized view"), create_view),
    **dict.fromkeys(
        ("drop table", "drop view", "drop materialized view", "drop foreign table"), _drop_relations
    ),
    **dict.fromkeys(
        ("alter table", "alter foreign table", "alter view", "alter materialized view"), _rename_relation
    ),
    **dict.fromkeys(("create type", "create domain"), _create_type),
    **dict.fromkeys(("drop type", "drop domain"), _drop_type),
    **dict.fromkeys(("alter type", "alter domain"), _alter_type),
    **dict.fromkeys(("create trigger", "drop trigger"), _trigger),
    **dict.fromkeys(("create function", "create procedure"), _create_routine),
    **dict.fromkeys(("drop function", "drop procedure", "drop routine"), _drop_routine),
    **dict.fromkeys(("set", "reset", "discard all"), _set),
    "select": _called,
    **dict.fromkeys(("grant", "revoke", "alter default privileges"), with_rights),
    **dict.fromkeys(("create policy", "drop policy", "create rule", "drop rule"), _dependent),
    "drop schema": _drop_schema,
    "alter schema": _alter_schema,
    "create index": _create_index,
    "drop index": _drop_index,
    "alter index": _alter_index,
}
