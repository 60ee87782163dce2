"""A foreign key whose columns no index begins with."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Constraint, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import index_key, on_table
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if (
            target is None
            or reading.kind not in ("create table", "alter table")
            or "temporary" in reading.flags
        ):
            continue
        for constraint in _foreign_keys(reading):
            if not constraint.columns or _indexed(place, reading, target.name, constraint.columns):
                continue
            columns, of = code.names(constraint.columns), code.schema_of(target.name)
            yield Hit(
                f"each DELETE and key UPDATE in {constraint.references} scans all of {target.name} for its rows",
                code.alone(
                    f"op.create_index('ix_{target.name.name}_{'_'.join(constraint.columns)}', {target.name.name!r}, "
                    f"{columns}{of}, postgresql_concurrently=True)\n"
                ),
                (target.name, *(f"{target.name}.{c}" for c in constraint.columns)),
            )


def _foreign_keys(reading: Reading) -> Iterator[Constraint]:
    for action in reading.actions:
        inline = action.column.constraints if action.column is not None else ()
        for constraint in (action.constraint, *inline):
            if constraint is not None and constraint.kind == "foreign key":
                yield constraint


def _indexed(place: Place, reading: Reading, table: Name, columns: tuple[str, ...]) -> bool:
    """Whether an index begins with the columns: there, of this statement, or made later in the plan."""
    known = place.table(table)
    if reading.kind == "alter table" and (known is None or not known.complete):
        return True  # not known
    keys = [i.columns for i in place.before.indexes_of(table)]
    keys += [c.columns for c in _keys(reading)]
    for later in place.after():
        for other in later.readings:
            where = on_table(other)
            if other.kind == "create index" and where is not None and plain(where) == plain(table):
                keys.append(index_key(other))
            elif other.target is not None and plain(other.target.name) == plain(table):
                keys += [c.columns for c in _keys(other)]
    return any(set(key[: len(columns)]) == set(columns) for key in keys)


def _keys(reading: Reading) -> Iterator[Constraint]:
    for action in reading.actions:
        inline = action.column.constraints if action.column is not None else ()
        for constraint in (action.constraint, *inline):
            if constraint is not None and constraint.kind in ("unique", "primary key"):
                yield constraint


RULE = Rule(
    id="foreign-key-without-index",
    severity=Severity.NOTE,
    hazard="lock",
    summary="A foreign key on columns that no index begins with.",
    why="The DDL does not mind. Later each DELETE of a referenced row reads the whole referencing table.",
    recipe=code.alone(
        "op.create_index('ix_orders_customer_id', 'orders', ['customer_id'], postgresql_concurrently=True)\n"
    ),
    covers=("foreign-key-without-index",),
    look=_look,
)
