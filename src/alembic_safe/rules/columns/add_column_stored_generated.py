"""ADD COLUMN ... GENERATED ALWAYS AS (...) STORED."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.columns._filling import backfill, sa_type
from alembic_safe.rules.looking import actions
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "add column"):
        column = action.column
        if column is not None and column.generated == "stored":
            text = column.default.text if column.default is not None else "..."
            yield Hit(
                f"writes every row of {table} again to compute {column.name}, while every read and write waits",
                _recipe(table, column.name, sa_type(column), text, place.version),
                (table, f"{table}.{column.name}"),
                work=(table,),
                mode=LockMode.ACCESS_EXCLUSIVE,
            )


def _recipe(table: Name, column: str, type_: str, expression: str, version: int) -> str:
    target, name = code.ident(table), code.ident(column)
    if version >= 18:
        return code.execute(
            f"ALTER TABLE {target} ADD COLUMN {name} {type_} GENERATED ALWAYS AS ({expression.strip('()')}) VIRTUAL"
        )
    return (
        "# revision 1: a plain column, kept up to date by a trigger\n"
        + code.execute(f"ALTER TABLE {target} ADD COLUMN {name} {type_}")
        + code.execute(f"CREATE TRIGGER ... BEFORE INSERT OR UPDATE ON {target} ...")
        + "# revision 2\n"
        + backfill(table, f"{name} = {expression}", f"{name} IS NULL")
    )


RULE = Rule(
    id="add-column-stored-generated",
    severity=Severity.ERROR,
    hazard="rewrite",
    summary="ADD COLUMN with a stored generated value.",
    why=(
        "The value is computed for every row: the table and its indexes are written again under ACCESS EXCLUSIVE. "
        "A VIRTUAL column (PostgreSQL 18) is computed when it is read and costs nothing here."
    ),
    recipe=_recipe(Name("orders"), "total", "numeric", "(net + tax)", 17),
    covers=("add-column-stored-generated",),
    look=_look,
)
