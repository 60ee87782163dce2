"""ADD COLUMN whose value is computed row by row."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import SERIAL_TYPES, Column, LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules.columns._filling import sa_type, step_by_step
from alembic_safe.rules.looking import actions, rewrites
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    known = rewrites(place)
    for _, table, action in actions(place, "add column"):
        column = action.column
        if column is None or not known or not (default := _computed(column, table)):
            continue
        certain = column.default is None or column.default.volatility != "unknown"
        doubt = (
            ""
            if certain
            else ", unless the function is declared STABLE or IMMUTABLE (what it is is not known)"
        )
        yield Hit(
            f"writes every row of {table} again to compute {column.name} for each, while every read and write waits"
            + doubt,
            step_by_step(table, column.name, sa_type(column), default),
            (table, f"{table}.{column.name}"),
            work=(table,),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


def _computed(column: Column, table: Name) -> str:
    """The default that has to be computed for each row; "" where there is none."""
    serial = column.type is not None and column.type.name in SERIAL_TYPES
    if column.generated == "identity" or serial:
        return f"nextval('{table.name}_{column.name}_seq')"
    if column.generated == "" and column.default is not None:
        return column.default.text if column.default.volatility in ("volatile", "unknown") else ""
    return ""


RULE = Rule(
    id="add-column-volatile-default",
    severity=Severity.ERROR,
    hazard="rewrite",
    summary="ADD COLUMN with a volatile default, serial or identity.",
    why=(
        "A default that may differ from row to row (random(), gen_random_uuid(), clock_timestamp(), nextval()) is "
        "computed for each: the table and all its indexes are written again under ACCESS EXCLUSIVE. now() and "
        "constants are computed once and kept in the catalog (docs: ALTER TABLE, Notes)."
    ),
    recipe=step_by_step(Name("orders"), "token", "uuid", "gen_random_uuid()"),
    covers=("add-column-volatile-default", "add-column-serial-or-identity"),
    look=_look,
)
