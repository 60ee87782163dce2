"""DROP of functions, sequences, types, extensions."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import dropped, on_table
from alembic_safe.rules.place import Place, same
from alembic_safe.rules.rule import Hit, Rule

_ROUTINES = ("function", "procedure", "routine", "aggregate")
_BREAKS = (
    *_ROUTINES,
    "sequence",
    "extension",
    "operator",
    "publication",
    "operator class",
    "operator family",
    "server",
    "foreign data wrapper",
    "language",
    "text search configuration",
    "text search dictionary",
    "access method",
    "rule",
)
# only what names them in SQL of its own notices
_RISKS = (
    "type",
    "domain",
    "collation",
    "conversion",
    "text search parser",
    "text search template",
    "cast",
    "transform",
)


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        if reading.kind in ("drop cast", "drop transform"):
            yield _risk(reading)
    for reading, name in dropped(place, *_BREAKS, *_RISKS):
        kind = reading.kind.removeprefix("drop ")
        table = on_table(reading) if kind == "rule" else None
        if table is not None and (not place.old(table) or place.made(kind, table, name)):
            continue
        if (
            place.made(kind, name)
            or _made_again(place, kind, name, table)
            or _renamed_away(place, kind, name)
        ):
            continue
        risk = kind in _RISKS
        what = "casts to it in running code fail" if risk else "running code that uses it fails at once"
        yield Hit(
            f"{what}, and the {kind} {name} cannot be had back without its definition",
            code.CONTRACT + code.execute(reading.text),
            (name,),
            severity=Severity.WARNING if risk else None,
        )


def _risk(reading: Reading) -> Hit:
    return Hit(
        "expressions of running code that need it fail",
        code.CONTRACT + code.execute(reading.text),
        severity=Severity.WARNING,
    )


def _made_again(place: Place, kind: str, name: Name, table: Name | None) -> bool:
    """Whether it is made again in the same transaction, so that its callers find it as it was."""
    return any(
        o.role == "created"
        and o.kind == kind
        and same(o.name, name)
        and (table is None or same(on_table(reading), table))
        and _alike(place, name, reading)
        for later in place.after_in_revision()
        if later.command.transaction is not None and later.command.transaction == place.command.transaction
        for reading in later.readings
        for o in reading.objects
    )


def _alike(place: Place, name: Name, made: Reading) -> bool:
    """Whether calls of what is dropped fit what is made: the same types, or more that have defaults."""
    new = next((a.name or "" for a in made.actions if a.kind == "signature"), None)
    given = [a.value for a in place.reading.actions if a.kind == "signature" and a.name == str(name)]
    known = [r.signature for r in place.before.routines_of(name)]
    old = given[0] if given and given[0] is not None else known[0] if len(known) == 1 else None
    if new is None or old is None or old == new:
        return True
    arguments = [a for a in made.actions if a.kind == "argument" and "out" not in a.flags]
    more = arguments[len(old.split(", ")) if old else 0 :]
    return (new.startswith(f"{old}, ") or not old) and all("default" in a.flags for a in more)


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
    summary="DROP of a function, sequence, extension, publication, server, type or another object that SQL names.",
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
