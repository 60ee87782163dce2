"""A key that will run out of numbers."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Column, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_SMALL = {"integer", "smallint", "serial", "smallserial"}


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if reading.kind != "create table" or target is None or "temporary" in reading.flags:
            continue
        for column in _key_columns(reading):
            if column.type is not None and column.type.name in _SMALL and _counts(column):
                yield Hit(
                    f"{column.name} ends at {_ends(column.type.name)}, and a wider type "
                    "later writes the whole table again",
                    f"sa.Column({column.name!r}, sa.BigInteger, sa.Identity(), primary_key=True)\n",
                    (target.name, f"{target.name}.{column.name}"),
                )


def _key_columns(reading: Reading) -> Iterator[Column]:
    """The column of a primary key of one."""
    columns = {
        a.column.name: a.column for a in reading.actions if a.kind == "column" and a.column is not None
    }
    keys = [c.columns for a in reading.actions if (c := a.constraint) is not None and c.kind == "primary key"]
    keys += [(n,) for n, c in columns.items() if any(k.kind == "primary key" for k in c.constraints)]
    for key in keys:
        if len(key) == 1 and key[0] in columns:
            yield columns[key[0]]


def _ends(type_: str) -> str:
    return "32 767" if "small" in type_ else "2 147 483 647"


def _counts(column: Column) -> bool:
    """Whether the server numbers the rows: a key given by hand (a lookup table) does not grow."""
    serial = column.type is not None and "serial" in column.type.name
    counted = column.default is not None and "nextval" in column.default.functions
    return serial or counted or column.generated == "identity"


RULE = Rule(
    id="int4-key",
    severity=Severity.NOTE,
    hazard="hygiene",
    summary="A new table numbers its rows with integer or smallint.",
    why=(
        "At 2^31 every insert fails, and the way out, integer to bigint on a full table and on all that refer to it, "
        "is the worst rewrite there is. bigint costs four bytes a row now."
    ),
    recipe="sa.Column('id', sa.BigInteger, sa.Identity(), primary_key=True)\n",
    covers=("int4-or-smaller-key",),
    look=_look,
)
