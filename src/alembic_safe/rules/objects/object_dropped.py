"""DROP of functions, sequences, types, extensions."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import dropped
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule

_BREAKS = (
    "function",
    "procedure",
    "routine",
    "aggregate",
    "sequence",
    "extension",
    "operator",
    "publication",
)
_RISKS = ("type", "domain")


def _look(place: Place) -> Iterator[Hit]:
    for reading, name in dropped(place, *_BREAKS, *_RISKS):
        kind = reading.kind.removeprefix("drop ")
        if place.made(kind, name) or _made_again(place, kind, name) or _renamed_away(place, kind, name):
            continue
        risk = kind in _RISKS
        what = "casts to it in running code fail" if risk else "running code that uses it fails at once"
        yield Hit(
            f"{what}, and the {kind} {name} cannot be had back without its definition",
            code.CONTRACT + code.execute(reading.text),
            (name,),
            severity=Severity.WARNING if risk else None,
        )


def _made_again(place: Place, kind: str, name: Name) -> bool:
    """Whether it is made again in the same transaction."""
    return any(
        o.role == "created" and o.kind == kind and plain(o.name) == plain(name)
        for later in place.after_in_revision()
        if later.command.transaction is not None and later.command.transaction == place.command.transaction
        for reading in later.readings
        for o in reading.objects
    )


def _renamed_away(place: Place, kind: str, name: Name) -> bool:
    """Whether this revision gave it that name itself, to replace it."""
    return any(
        reading.kind == f"alter {kind}" and any(a.new_name == name.name for a in reading.actions)
        for earlier in place.before_in_revision()
        for reading in earlier.readings
    )


RULE = Rule(
    id="object-dropped",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="DROP of a function, procedure, sequence, extension, publication, type or domain.",
    why=(
        "The next statement of running code that needs it fails. A contract step: after the code that uses it is gone. "
        "A type that is dropped without CASCADE has no column any more; only casts may name it, so that is a warning. "
        "Dropped and made again in one transaction nobody sees it gone."
    ),
    recipe=code.CONTRACT + "op.execute('DROP FUNCTION order_total(bigint)')\n",
    covers=("function-replaced-or-dropped", "enum-created-or-dropped", "extension-changed"),
    look=_look,
    contract=True,
)
