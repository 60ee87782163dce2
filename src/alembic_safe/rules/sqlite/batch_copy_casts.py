"""A batch that turns values into another type while it copies them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.copying import copied
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_NUMBERS = ("INTEGER", "REAL", "NUMERIC")


def affinity(type_: str) -> str:
    """What SQLite makes of a type's name (sqlite.org/datatype3.html, section 3.1)."""
    name = type_.upper()
    for words, found in (
        (("INT",), "INTEGER"),
        (("CHAR", "CLOB", "TEXT"), "TEXT"),
        (("BLOB",), "BLOB"),
        (("REAL", "FLOA", "DOUB"), "REAL"),
    ):
        if any(word in name for word in words):
            return found
    return "NUMERIC" if name.strip() else "BLOB"


def _look(place: Place) -> Iterator[Hit]:
    copy = copied(place)
    for source in copy.sources.values() if copy is not None else ():
        known = copy.known.columns.get(source.column) if copy is not None else None
        if copy is None or known is None or not source.cast or affinity(source.cast) not in _NUMBERS:
            continue
        old = affinity(_written(known.type.text or known.type.name if known.type is not None else ""))
        dates = re.match(
            r"date|time", _written(known.type.name if known.type is not None else ""), re.IGNORECASE
        )
        if (
            old not in ("TEXT", "BLOB")
            and not dates
            and not (old != "INTEGER" and affinity(source.cast) == "INTEGER")
        ):
            continue
        yield Hit(
            f"the copy takes {source.column} through CAST AS {source.cast}, and what is no number in it becomes 0 or "
            "the digits that it begins with, without a word ('2024-05-01' becomes 2024)",
            _recipe(copy.table.name, source.column),
            (copy.table, f"{copy.table}.{source.column}"),
        )


def _written(type_: str) -> str:
    return type_.strip()


def _recipe(table: str, column: str) -> str:
    return (
        "# a new column beside it, filled by what is right for the values; the old one goes a release later\n"
        f"op.add_column({table!r}, sa.Column({column + '_new'!r}, ...))\n"
        f"op.execute({f'UPDATE {table} SET {column}_new = ... WHERE {column}_new IS NULL'!r})\n"
    )


RULE = Rule(
    id="batch-copy-casts",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="A batch changes a column's type, and its values go through a CAST.",
    why=(
        "Where the type changes its kind, alembic's batch mode copies the values through CAST. SQLite's CAST never "
        "fails: text that is no number becomes 0, a date or time in text becomes its year (DATETIME has the affinity "
        "NUMERIC), a fraction is cut off. Nothing tells of it, and the old table is dropped."
    ),
    recipe=_recipe("orders", "placed_at"),
    look=_look,
    dialects=("sqlite",),
)
