"""Renamed enum values and attributes, changed composite types."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Action, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if reading.kind != "alter type" or target is None or place.made("type", target.name):
            continue
        if place.table(target.name) is None and not place.before.uses_type(target.name):
            continue
        for action in reading.actions:
            message, recipe, severity = _says(target.name, action, used=place.facts.phase == "incompatible")
            if message:
                yield Hit(message, recipe, (target.name,), severity=severity)


def _says(type_: Name, action: Action, *, used: bool) -> tuple[str, str, Severity | None]:
    if action.kind == "rename value":
        add = code.execute(f"ALTER TYPE {code.ident(type_)} ADD VALUE {action.new_name!r}")
        steps = "# then code that knows both, the rows in batches, and the old value unused (it cannot be removed)\n"
        return (
            f"running code sends {action.name!r}, which no longer is a value of {type_} (22P02)",
            add + steps,
            None,
        )
    if action.kind in ("rename attribute", "drop attribute", "alter attribute type"):
        return (
            f"code that names the attribute {action.name} of {type_} fails; so does this where a table uses the type",
            "# a new type beside the old one, and columns of it\n",
            None,
        )
    if action.kind == "add attribute":
        return (
            f"code that builds values of {type_} by position fails (22P02)",
            "# a new type beside the old one, and columns of it\n",
            None if used else Severity.WARNING,
        )
    return "", "", None


RULE = Rule(
    id="type-changed",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="RENAME VALUE of an enum, or a composite type's attributes change.",
    why=(
        "Instant and without a lock on any table, and so noticed only by the code that sends or gets the old form. "
        "Attributes of a type that types a table or column are refused by the server."
    ),
    recipe="op.execute(\"ALTER TYPE state ADD VALUE 'cancelled'\")\n",
    covers=("enum-value-renamed", "composite-type-changed"),
    look=_look,
)
