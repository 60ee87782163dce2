"""DROP COLUMN."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import HOLE, LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.copying import copied
from alembic_safe.rules.looking import column_is_new
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import BOTH, Gone, Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    yield from _left_out(place)
    for reading in place.readings:
        target = reading.target
        if target is None or reading.kind != "alter table" or not place.old(target.name):
            continue
        table = target.name
        if place.absent(reading, table):
            continue
        for action in reading.actions:
            column = action.name or ""
            if action.kind != "drop column" or column_is_new(place, table, column):
                continue
            known = place.table(table)
            if (
                "if exists" in action.flags
                and column != HOLE
                and known is not None
                and known.complete
                and column not in known.columns
            ):
                continue
            yield _hit(place, table, column)


def _left_out(place: Place) -> Iterator[Hit]:
    """Columns that alembic's batch mode leaves out of the copy it puts in the table's place."""
    copy = copied(place)
    for column in copy.left_out() if copy is not None else ():
        if copy is not None and not column_is_new(place, copy.table, column):
            yield _hit(place, copy.table, column)


def _hit(place: Place, table: Name, column: str) -> Hit:
    with_it = _goes_with(place, table, column)
    also = f"; with it go {', '.join(with_it)}" if with_it else ""
    return Hit(
        f"running code that maps {column} fails on every query of {table}, and its values are gone{also}",
        "# this release: remove the attribute from the models\n"
        "# the next release:\n"
        + code.CONTRACT
        + f"op.drop_column({table.name!r}, {column!r}{code.schema_of(table)})\n",
        (table, f"{table}.{column}"),
        mode=LockMode.ACCESS_EXCLUSIVE,
        goes=(Gone(table, column),),
    )


def _goes_with(place: Place, table: Name, column: str) -> tuple[str, ...]:
    """Indexes and constraints over the column, and other columns with it."""
    known = place.table(table)
    found = [
        str(i.name) for i in place.before.indexes_of(table) if column in i.columns or column in i.depends
    ]
    if known is not None:
        found += [
            name
            for name, c in known.constraints.items()
            # NOT NULL is the column's own, though 18 lists it as a constraint with a name
            if column in c.columns and c.kind != "not null"
        ]
    return tuple(dict.fromkeys(found))


RULE = Rule(
    id="column-dropped",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="DROP COLUMN of a column that is not proven to be out of use.",
    why=(
        "The DDL is instant, also takes every index and constraint over the column, and cannot be undone. An ORM "
        "names every mapped column in every query, so that processes of the previous release fail at once (42703). "
        "It is a contract step: after a release whose models no longer map the column."
    ),
    recipe=code.CONTRACT + "op.drop_column('customers', 'name')\n",
    covers=("column-dropped", "column-drop-takes-indexes-with-it"),
    look=_look,
    contract=True,
    dialects=BOTH,
)
