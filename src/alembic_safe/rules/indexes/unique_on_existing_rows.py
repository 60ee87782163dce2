"""A unique index over rows that may not be unique."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import column_is_new, index_key, on_table
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        table = on_table(reading)
        if reading.kind != "create index" or not {"unique", "concurrently"} <= reading.flags or table is None:
            continue
        columns = index_key(reading)
        if (
            not place.old(table)
            or any(column_is_new(place, table, c) for c in columns)
            or _held(place, columns)
        ):
            continue
        keys = ", ".join(columns)
        yield Hit(
            f"fails at its end if {table} ({keys}) has duplicates, and refuses new ones while it builds",
            f"-- first, in the database:\nSELECT {keys}, count(*) FROM {code.ident(table)} GROUP BY {keys} "
            "HAVING count(*) > 1 LIMIT 1;\n",
            (table,),
        )


def _held(place: Place, columns: tuple[str, ...]) -> bool:
    """Whether another unique index on the same columns, or fewer, proves it already."""
    table = on_table(place.reading)
    indexes = place.before.indexes_of(table) if table is not None else ()
    return any(i.unique and i.columns and set(i.columns) <= set(columns) and not i.depends for i in indexes)


RULE = Rule(
    id="unique-on-existing-rows",
    severity=Severity.WARNING,
    hazard="breaks application",
    summary="CREATE UNIQUE INDEX CONCURRENTLY over columns that have rows.",
    why=(
        "A duplicate makes the build fail at its very end and leaves an invalid index that goes on refusing "
        "writes. Code that runs now gets 23505 from the second phase of the build on."
    ),
    recipe="SELECT email, count(*) FROM users GROUP BY email HAVING count(*) > 1 LIMIT 1;\n",
    covers=("unique-index-on-existing-data",),
    look=_look,
)
