"""Builds and changes tables of the schema model, as CREATE TABLE and ALTER TABLE say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from alembic_safe.model.facts import SERIAL_TYPES, Action, Column, Constraint, DataType, Name, Reading
from alembic_safe.sql.schema.model import Clock, ColumnState, IndexState, Schema, TableState, key

# alembic's ApplyBatchImpl names the copy so
BATCH_COPY = "_alembic_tmp_"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_SUFFIX = {"check": "check", "unique": "key", "primary key": "pkey", "foreign key": "fkey", "exclude": "excl"}


def column_state(column: Column) -> ColumnState:
    """A declared column as it stands after."""
    type_ = column.type
    if type_ is not None and type_.name in SERIAL_TYPES:
        type_ = DataType(SERIAL_TYPES[type_.name], text=type_.text)
    return ColumnState(
        column.name,
        type_,
        column.not_null,
        all(c.valid for c in column.constraints if c.kind == "not null"),
        column.default,
        column.generated,
        column.collation,
        serial=column.type is not None and column.type.name in SERIAL_TYPES,
    )


def constraint_name(table: Name, constraint: Constraint, taken: Mapping[str, Constraint]) -> str:
    """The name the server gives a constraint without one (its source: ChooseConstraintName)."""
    if constraint.name:
        return constraint.name
    if constraint.kind == "primary key":
        base = f"{table.name}_pkey"
    else:
        columns = constraint.columns or tuple(sorted(mentioned(constraint.expression))[:1])
        middle = "_".join(columns if constraint.kind != "check" else columns[:1])
        base = "_".join(
            part for part in (table.name, middle, _SUFFIX.get(constraint.kind, "not_null")) if part
        )
    name, number = base, 0
    while name in taken:
        number += 1
        name = f"{base}{number}"
    return name


def mentioned(expression: str) -> frozenset[str]:
    """Words of an expression that may be columns."""
    return frozenset(word.lower() for word in _WORD.findall(expression))


def add_constraint(schema: Schema, name: Name, constraint: Constraint) -> Schema:
    """Enter a constraint, its index where it has one, and NOT NULL where it means it."""
    table = schema.table(name)
    if table is None:
        return schema
    columns = dict(table.columns)
    if constraint.kind == "not null":
        for column in constraint.columns:
            if column in columns:
                columns[column] = replace(columns[column], not_null=True, not_null_valid=constraint.valid)
    if constraint.using_index is not None:
        index = schema.index(Name(constraint.using_index, name.schema))
        if index is not None:
            constraint = replace(constraint, columns=index.columns)
    label = constraint_name(name, constraint, table.constraints)
    constraint = replace(constraint, name=label)
    if constraint.kind == "primary key":
        for column in constraint.columns:
            if column in columns:
                columns[column] = replace(columns[column], not_null=True, not_null_valid=True)
    schema = schema.with_table(
        replace(table, columns=columns, constraints={**table.constraints, label: constraint})
    )
    if constraint.kind in ("unique", "primary key", "exclude"):
        unique = constraint.kind != "exclude"
        if constraint.using_index is not None:
            old = Name(constraint.using_index, name.schema)
            schema = replace(schema, indexes={k: v for k, v in schema.indexes.items() if k != old})
        made = IndexState(Name(label, name.schema), name, constraint.columns, unique, constraint=label)
        schema = schema.with_index(made)
    return schema


def create_table(schema: Schema, reading: Reading) -> Schema:
    """CREATE TABLE, from its columns, constraints, LIKE, INHERITS and PARTITION OF."""
    target = next(o for o in reading.objects if o.role == "created")
    if "if not exists" in reading.flags and schema.table(target.name) is not None:
        return schema
    partitioned = any(a.kind == "partition by" for a in reading.actions)
    table = TableState(target.name, target.kind, partitioned=partitioned, born=schema.clock)
    keys = [a.value or "" for a in reading.actions if a.kind == "partition by"]
    table = replace(table, partition_key=tuple(sorted(mentioned(keys[0]))) if keys else ())
    table = replace(table, unlogged="unlogged" in reading.flags)
    constraints: list[Constraint] = []
    for action in reading.actions:
        table = _element(schema, table, action, constraints)
    if reading.kind in ("create table as", "select into"):
        table = replace(table, complete=False, reads=reads(reading))
    schema = _replacing(schema.with_table(table), target.name)
    for constraint in _merged(constraints):
        schema = add_constraint(schema, target.name, constraint)
    return _join_parents(schema, target.name)


def _merged(constraints: list[Constraint]) -> list[Constraint]:
    """What is left where several of one CREATE TABLE want the same index: the first, the primary key before all.

    It takes the name of another where it has none (PostgreSQL's transformIndexConstraints).
    """
    kept: list[Constraint] = []
    for one in sorted(constraints, key=lambda one: one.kind != "primary key"):
        at = next((n for n, other in enumerate(kept) if _same_index(one, other)), None)
        if at is None:
            kept.append(one)
        elif kept[at].name is None:
            kept[at] = replace(kept[at], name=one.name)
    return kept


def _same_index(one: Constraint, other: Constraint) -> bool:
    keys = ("unique", "primary key")
    return (
        one.kind in keys
        and other.kind in keys
        and (one.columns, one.include) == (other.columns, other.include)
        and one.deferrable == other.deferrable
        and one.nulls_not_distinct == other.nulls_not_distinct
    )


def _replacing(schema: Schema, copy: Name) -> Schema:
    """Remember how old the table is that alembic's batch mode (SQLite) is about to put a copy in the place of."""
    table = schema.table(Name(copy.name.removeprefix(BATCH_COPY), copy.schema))
    if not copy.name.startswith(BATCH_COPY) or table is None:
        return schema
    return replace(schema, others={**schema.others, ("copied", key(copy)): table.born or Clock()})


def reads(reading: Reading) -> tuple[Name, ...]:
    """The relations a query reads."""
    return tuple(o.name for o in reading.objects if o.role == "read")


def _element(schema: Schema, table: TableState, action: Action, constraints: list[Constraint]) -> TableState:
    if action.kind == "column" and action.column is not None:
        constraints += action.column.constraints
        columns = {**table.columns, action.column.name: column_state(action.column)}
        return replace(table, columns=columns)
    if action.kind == "constraint" and action.constraint is not None:
        constraints.append(action.constraint)
    elif action.kind in ("like", "inherit", "partition of") and action.object is not None:
        source = schema.table(action.object.name)
        if source is None:
            table = replace(table, complete=False)
        else:
            columns = {**source.columns, **table.columns}
            kept = ("check", "foreign key") if action.kind == "partition of" else ("check",)
            checks = {k: c for k, c in source.constraints.items() if c.kind in kept}
            table = replace(table, columns=columns, constraints={**table.constraints, **checks})
        if action.kind != "like":
            table = replace(table, parents=(*table.parents, action.object.name))
    elif action.kind == "partition bound":
        table = replace(table, bound=action.value)
    elif action.kind == "of":
        table = replace(table, complete=False)
    return table


def _join_parents(schema: Schema, name: Name) -> Schema:
    table = schema.table(name)
    for parent_name in table.parents if table else ():
        schema = attach(schema, parent_name, name, table.bound if table else None)
    return schema


def attach(schema: Schema, parent_name: Name, name: Name, bound: str | None) -> Schema:
    """Enter a partition or child with its parent."""
    parent, table = schema.table(parent_name), schema.table(name)
    if parent is not None:
        default = name if bound == "default" else parent.default_partition
        children = (*(c for c in parent.children if c != name), name)
        schema = schema.with_table(replace(parent, children=children, default_partition=default))
    if table is not None:
        parents = (*(p for p in table.parents if p != parent_name), parent_name)
        if parent is not None and parent.partitioned:
            foreign = {k: c for k, c in parent.constraints.items() if c.kind == "foreign key"}
            table = replace(table, constraints={**foreign, **table.constraints})
        schema = schema.with_table(replace(table, parents=parents, bound=bound))
    return schema


def detach(schema: Schema, parent_name: Name, name: Name) -> Schema:
    """Take a partition or child from its parent."""
    parent, table = schema.table(parent_name), schema.table(name)
    if parent is not None:
        default = None if parent.default_partition == name else parent.default_partition
        children = tuple(c for c in parent.children if c != name)
        schema = schema.with_table(replace(parent, children=children, default_partition=default))
    if table is not None:
        parents = tuple(p for p in table.parents if p != parent_name)
        schema = schema.with_table(replace(table, parents=parents, bound=None))
    return schema
