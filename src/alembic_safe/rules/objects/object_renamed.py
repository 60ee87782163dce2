"""Another object than a table gets another name or schema."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_BREAKS = ("sequence", "type", "domain", "schema", "function", "procedure", "aggregate", "routine")


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target, kind = reading.target, reading.kind.removeprefix("alter ")
        if target is None or not reading.kind.startswith("alter "):
            continue
        for action in reading.actions:
            moved = action.kind in ("rename", "set schema")
            if (
                moved
                and kind in _BREAKS
                and not place.made(kind, target.name)
                and not _swap(place, kind, action.new_name)
            ):
                yield Hit(
                    f"running code that names the {kind} {target.name} fails at once",
                    f"# a new {kind} beside it; drop the old one in a contract step\n",
                    (target.name,),
                )
            elif action.kind == "rename constraint" and (kind == "domain" or place.old(target.name)):
                yield Hit(
                    f"ON CONFLICT ON CONSTRAINT {action.name}, and code that knows errors by its name, no longer match",
                    objects=(target.name, action.name or ""),
                    severity=Severity.WARNING,
                )


def _swap(place: Place, kind: str, new: str | None) -> bool:
    """An old type moved out of the way of a new one of its name, in one revision (how enums are replaced)."""
    target = place.reading.target
    return (
        kind in ("type", "domain")
        and target is not None
        and any(
            o.role == "created" and o.name == target.name
            for later in place.after_in_revision()
            for reading in later.readings
            for o in reading.objects
            if o.kind == kind
        )
    )


RULE = Rule(
    id="object-renamed",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="RENAME or SET SCHEMA of a sequence, type, function or schema; RENAME CONSTRAINT.",
    why=(
        "Instant, and every statement of running code that spells the name fails. Indexes and triggers are not named "
        "by code and may be renamed; a constraint may be named by ON CONFLICT, which is a warning."
    ),
    recipe="# a new object under the new name; the old one goes in a contract step\n",
    covers=("other-object-renamed",),
    look=_look,
)
