"""Compares a `Reading` with the oracle's truth; gives the differences in words."""

from __future__ import annotations

from typing import Any

from alembic_safe.model.facts import Action, Column, Constraint, Reading
from tests.unit.sql.pg_oracle import COMPARED_FLAGS, NAMED, Truth

# format_type's name -> the grammar's, which is what a parse tree holds.
_GRAMMAR = {
    "integer": "int4", "smallint": "int2", "bigint": "int8", "boolean": "bool", "real": "float4",
    "double precision": "float8", "character varying": "varchar", "character": "bpchar",
    "timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp",
    "time with time zone": "timetz", "time without time zone": "time", "bit varying": "varbit",
}  # fmt: skip
_SAME = {"serial2": "smallserial", "serial4": "serial", "serial8": "bigserial"}
# Statements whose tables the truth lists otherwise than the reader means them.
_NAMES_NOT_COMPARED = {"grant", "revoke", "comment", "security label"}


def differences(reading: Reading, truth: Truth) -> list[str]:
    """What differs, empty when the reader and PostgreSQL say the same."""
    found: list[str] = []
    if reading.kind != truth.kind:
        found.append(f"kind {reading.kind!r} is {truth.kind!r}")
    if reading.kind not in _NAMES_NOT_COMPARED:
        mine = {str(o.name) for o in reading.objects if o.role != "index"}
        mine |= {str(o.name) for r in reading.inner for o in r.objects}
        if reading.kind in _FULL_NAMES:
            missing, more = truth.names - mine, mine - truth.names
        else:
            missing, more = truth.names - mine, set()
        if missing or more:
            found.append(f"names: missing {sorted(missing)}, too many {sorted(more)}")
    flags, true_flags = set(reading.flags) & COMPARED_FLAGS, truth.flags & COMPARED_FLAGS
    if reading.kind not in ("update", "delete"):
        flags.discard("where")
        true_flags.discard("where")
    if reading.kind not in ("alter table", "alter index", "create index", "alter foreign table"):
        flags.discard("only")
    if reading.kind == "explain":
        flags, true_flags = set(), set()
    if flags != true_flags:
        found.append(f"flags {sorted(flags)} are {sorted(true_flags)}")
    mine_actions = [a for a in map(_action, reading.actions) if a] if truth.actions else []
    true_actions = [tuple(_SAME.get(x, x) if isinstance(x, str) else x for x in a) for a in truth.actions]
    if reading.kind.startswith("create"):
        mine_actions = [a for a in mine_actions if a[0] in ("column", "constraint")]
    elif reading.kind == "alter domain" and mine_actions[0][0] not in ("rename", "rename constraint"):
        mine_actions = [a[:1] for a in mine_actions] if len(truth.actions[0]) == 1 else mine_actions
    if mine_actions != true_actions:
        found.append(f"actions {mine_actions} are {true_actions}")
    return found


_FULL_NAMES = {
    "select", "insert", "update", "delete", "merge", "create table", "create table as", "create index", "create view",
    "create materialized view", "drop table", "drop index", "drop view", "truncate table", "lock table", "cluster",
    "refresh materialized view", "copy", "vacuum", "analyze", "drop type", "drop function", "drop trigger",
    "select into",
}  # fmt: skip


def _type(column: Column) -> tuple[str, int, int]:
    if column.type is None:
        return "", 0, 0
    name = _GRAMMAR.get(column.type.name, column.type.name)
    modifiers = 0 if column.type.name == "interval" else len(column.type.modifiers)
    if name in ("bpchar", "bit") and not modifiers and "bpchar" not in column.type.text:
        modifiers = 1  # the grammar writes char as char(1), bit as bit(1)
    return name, column.type.dimensions, modifiers


def _constraint(constraint: Constraint) -> tuple[Any, ...]:
    references = str(constraint.references) if constraint.references else None
    return constraint.kind, constraint.name, references, not constraint.valid, constraint.using_index


def _column(column: Column) -> tuple[Any, ...]:
    generated = "generated" if column.generated in ("stored", "virtual") else column.generated
    constraints = tuple(_constraint(c) for c in column.constraints)
    default = column.default is not None and not generated
    return column.name, constraints, default, generated, *_type(column)


def _action(action: Action) -> tuple[Any, ...] | None:
    kind = action.kind
    if kind == "column" and action.column is not None:
        return kind, *_column(action.column)
    if kind == "add column" and action.column is not None:
        return kind, *_column(action.column), "if not exists" in action.flags
    if kind in ("constraint", "add constraint") and action.constraint is not None:
        if action.constraint.kind == "check" and kind == "add constraint" and action.constraint.columns:
            return None
        return kind, *_constraint(action.constraint)
    if kind in ("drop column", "drop constraint"):
        return kind, action.name, "if exists" in action.flags, "cascade" in action.flags
    if kind == "alter column type" and action.type is not None:
        return (
            kind,
            action.name,
            _GRAMMAR.get(action.type.name, action.type.name),
            action.expression is not None,
        )
    if kind in ("rename column", "rename constraint", "rename attribute", "rename"):
        return kind, action.name, action.new_name
    if kind in _CREATE_ONLY:
        return None
    if kind in ("set schema", "owner to") or kind not in NAMED | _ALSO_NAMED:
        return kind, None
    return kind, action.name


_CREATE_ONLY = {"partition of", "partition bound", "of ", "like", "partition by", "savepoint"}
_ALSO_NAMED = {
    "set default", "drop default", "add attribute", "drop attribute", "alter attribute type", "alter constraint",
    "attach partition", "detach partition", "detach partition finalize", "set statistics", "set column options",
    "reset column options", "column foreign options", "rename value", "add value",
}  # fmt: skip
