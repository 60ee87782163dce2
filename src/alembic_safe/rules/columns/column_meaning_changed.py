"""Small changes of a column that running code may notice."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Action, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import actions, column_is_new
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_KINDS = ("drop not null", "set default", "drop expression", "add identity", "set identity", "drop identity")


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, *_KINDS):
        if column_is_new(place, table, action.name):
            continue
        message = _message(place, table, action)
        if message:
            strong = action.kind in ("drop expression", "drop identity")
            yield Hit(
                message,
                objects=(table, f"{table}.{action.name}"),
                severity=Severity.WARNING if strong else None,
            )


def _message(place: Place, table: Name, action: Action) -> str:
    column = place.column(table, action.name)
    if action.kind == "drop not null":
        return f"running code may meet NULL in {action.name}, which it could not before"
    if action.kind == "set default":
        if column is not None and column.default is None and not column.not_null:
            return ""  # rows that got NULL get a value: nobody relied on a default
        if column is not None and column.default is not None and column.default == action.expression:
            return ""
        return f"code that fills in the old default of {action.name} itself goes on writing it"
    if action.kind == "drop expression":
        return f"{action.name} is no longer computed: code that leaves it to the server writes NULL"
    if action.kind == "drop identity":
        return f"inserts that leave {action.name} to the server get NULL, or fail"
    return f"who gives {action.name} its values changes"


RULE = Rule(
    id="column-meaning-changed",
    severity=Severity.NOTE,
    hazard="breaks application",
    summary="DROP NOT NULL, SET DEFAULT, DROP EXPRESSION or a change of identity.",
    why="Each is instant. Code of the previous release was written for the column as it was; look whether it minds.",
    recipe="# deploy code that copes with both first, and the revision after it\n",
    covers=("drop-not-null-old-readers", "default-changed", "identity-changed"),
    look=_look,
)
