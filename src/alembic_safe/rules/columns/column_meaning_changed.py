"""Small changes of a column that running code may notice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Action, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import actions, column_is_new, on_table
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule

_KINDS = ("drop not null", "set default", "drop expression", "add identity", "set identity", "drop identity")


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, *_KINDS):
        if column_is_new(place, table, action.name):
            continue
        message = _message(place, table, action)
        if message:
            yield Hit(
                message, objects=(table, f"{table}.{action.name}"), severity=_severity(place, table, action)
            )


def _severity(place: Place, table: Name, action: Action) -> Severity | None:
    """Error where inserts of running code fail for certain."""
    if action.kind in ("drop identity", "drop expression"):
        column = place.column(table, action.name)
        # no running code can write to a generated column, so all of it leaves it to the server
        required = action.kind == "drop expression" or column is None or column.not_null
        return Severity.ERROR if required and not _gets_default(place, table, action) else Severity.WARNING
    if action.kind == "add identity" and not _begins_behind(place, action):
        return Severity.ERROR
    if action.kind == "set identity" and "always" in (action.value or "").lower():
        return Severity.WARNING
    return None


def _gets_default(place: Place, table: Name, action: Action) -> bool:
    """Whether the same transaction fills the column in another way."""
    others = [
        other
        for other in (place, *place.before_in_revision(), *place.after_in_revision())
        if other.command.transaction == place.command.transaction
    ]
    given = any(
        plain(where) == plain(table) and found.name == action.name
        for other in others
        for _, where, found in actions(other, "set default", "add identity", "drop not null")
    )
    return given or any(
        reading.kind == "create trigger" and plain(where) == plain(table)
        for other in others
        for reading in other.readings
        if (where := on_table(reading)) is not None
    )


def _begins_behind(place: Place, action: Action) -> bool:
    """Whether the new sequence begins behind the numbers that are in use."""
    if re.search(r"\bstart\b", action.value or "", re.IGNORECASE):
        return True
    return any(
        re.search(r"\bsetval\b|\brestart\b", reading.text, re.IGNORECASE)
        for later in place.after_in_revision()
        for reading in later.readings
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
    if action.kind == "add identity" and not _begins_behind(place, action):
        return f"{action.name} is given numbers from 1 on, which rows have already: inserts fail on their key (23505)"
    return f"who gives {action.name} its values changes"


RULE = Rule(
    id="column-meaning-changed",
    severity=Severity.NOTE,
    hazard="breaks application",
    summary="DROP NOT NULL, SET DEFAULT, DROP EXPRESSION or a change of identity (an error where inserts then fail).",
    why="Each is instant. Code of the previous release was written for the column as it was; look whether it minds.",
    recipe="# deploy code that copes with both first, and the revision after it\n",
    covers=("drop-not-null-old-readers", "default-changed", "identity-changed"),
    look=_look,
)
