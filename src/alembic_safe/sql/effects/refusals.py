"""What the server refuses whatever the rows: for how tables, keys and partitions belong together.

Said only of tables that the history shows whole (docs: CREATE TABLE, ALTER TABLE, ddl-partitioning, ddl-inherit).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Action, Constraint, Name, Reading
from alembic_safe.sql.schema.model import Schema, TableState, key

_INHERITED = {"drop column", "rename column", "alter column type"}
_RANGE = re.compile(r"from\s*\(\s*'([^']+)'\s*\)\s*to\s*\(\s*'([^']+)'\s*\)", re.IGNORECASE)
_VALUES = re.compile(r"\bin\s*\((.*)\)", re.IGNORECASE | re.DOTALL)


def refused(reading: Reading, schema: Schema) -> str:
    """Why the server refuses the statement, in words; "" where it does not, or that is not known."""
    target = reading.target
    if not schema.knows_all:
        return ""
    if reading.kind == "create index" and "unique" in reading.flags:
        on = next((o.name for o in reading.objects if o.role == "on"), None)
        table = schema.table(on) if on is not None else None
        columns = tuple(a.name for a in reading.actions if a.kind == "index key" and a.name)
        return _without_key(table, columns) if table is not None else ""
    if target is None or not target.name.certain:
        return ""
    if reading.kind == "create table":
        return _of_new(reading, target.name, schema)
    table = schema.table(target.name)
    if reading.kind != "alter table" or table is None or not table.complete or table.kind != "table":
        return ""
    return next((why for action in reading.actions for why in _of(action, table, schema, reading) if why), "")


def _of(action: Action, table: TableState, schema: Schema, whole: Reading) -> Iterator[str]:
    parents = [p for p in map(schema.table, table.parents) if p is not None]
    partition_of = next((p.name for p in parents if p.partitioned), None)
    if action.kind == "add column" and partition_of is not None:
        yield f"{table.name} is a partition of {partition_of}, which alone takes columns (42809)"
    if action.kind in _INHERITED:
        yield from (
            f"{action.name} is inherited from {p.name} (42P16)" for p in parents if action.name in p.columns
        )
    primary = next((c for c in table.constraints.values() if c.kind == "primary key"), None)
    dropped = {a.name for a in whole.actions if a.kind == "drop constraint"}
    if action.kind == "drop not null" and primary is not None and action.name in primary.columns:
        yield f"{action.name} is in the primary key (42P16)"
    constraint = action.constraint
    if action.kind != "add constraint" or constraint is None:
        return
    if constraint.kind == "primary key" and primary is not None and primary.name not in dropped:
        yield f"{table.name} has a primary key already (42P16)"
    if constraint.kind in ("unique", "primary key") and constraint.columns:
        yield _without_key(table, constraint.columns)
    yield _no_target(constraint, schema)


def _of_new(reading: Reading, name: Name, schema: Schema) -> str:
    """A new table's foreign keys, and the bounds of a new partition beside the others."""
    for action in reading.actions:
        column = action.column.constraints if action.column is not None else ()
        for constraint in (*column, *((action.constraint,) if action.constraint is not None else ())):
            if constraint.references is not None and key(constraint.references) != key(name):
                why = _no_target(constraint, schema)
                if why:
                    return why
    parent = next((schema.table(o.name) for o in reading.objects if o.role == "parent"), None)
    bound = next((a.value for a in reading.actions if a.kind == "partition bound"), None)
    if parent is None or not parent.partitioned or not bound or "if not exists" in reading.flags:
        return ""
    for child in map(schema.table, parent.children):
        if (
            child is not None
            and child.bound
            and key(child.name) != key(name)
            and _overlap(bound, child.bound)
        ):
            return f"its bounds overlap those of {child.name} (42P17)"
    return ""


def _without_key(table: TableState, columns: tuple[str, ...]) -> str:
    """Each partition has an index of its own, so what is unique has to name the partition key."""
    missing = [one for one in table.partition_key if one in table.columns and one not in columns]
    if not table.partitioned or not missing or not table.complete:
        return ""
    return f"what is unique in {table.name} has to name its partition key, {', '.join(missing)} (0A000)"


def _no_target(constraint: Constraint, schema: Schema) -> str:
    table = schema.table(constraint.references) if constraint.references is not None else None
    if table is None or not table.complete or table.kind != "table":
        return ""
    keys = [(c.kind, c.columns) for c in table.constraints.values() if c.kind in ("unique", "primary key")]
    keys += [("unique", i.columns) for i in schema.indexes_of(table.name) if i.unique and not i.depends]
    wanted = set(constraint.referenced_columns)
    if any(set(columns) == wanted if wanted else kind == "primary key" for kind, columns in keys):
        return ""
    if any(not columns for _, columns in keys) or table.parents:
        return ""
    what = ", ".join(constraint.referenced_columns) or "no column"
    return (
        f"no unique constraint of {table.name} is on {what} alone (42830)"
        if wanted
        else (f"{table.name} has no primary key to reference (42704)")
    )


def _overlap(one: str, other: str) -> bool:
    """Whether both take a value: ranges of one column between literals of the same form, and lists."""
    first, second = _RANGE.search(one), _RANGE.search(other)
    if first is not None and second is not None:
        ends = (*first.groups(), *second.groups())
        if len({len(end) for end in ends}) > 1 or not all(end[0].isdigit() for end in ends):
            return False
        return first[1] < second[2] and second[1] < first[2]
    listed, held = _VALUES.search(one), _VALUES.search(other)
    if listed is None or held is None:
        return bool(re.fullmatch(r"\s*default\s*", one, re.IGNORECASE) and one.lower() == other.lower())
    return bool(_parts(listed[1]) & _parts(held[1]))


def _parts(values: str) -> set[str]:
    return {part.strip() for part in values.split(",")}
