"""Functions and procedures in the schema model: what each signature's body says, as far as it is text."""

from __future__ import annotations

from collections.abc import Mapping

from alembic_safe.model.facts import Action, Name, Reading
from alembic_safe.quick import dataclass

_OUT = "out"


@dataclass(frozen=True, slots=True)
class RoutineState:
    """One signature of a routine. `names` are its inputs' ("" without one), `defaults` how many may be left out.

    `body` is None where there is no text that could be read; `volatility` is what it is declared to be.
    """

    name: Name
    signature: str
    returns: str = ""
    names: tuple[str, ...] = ()
    defaults: int = 0
    language: str = "sql"
    body: str | None = None
    volatility: str = "volatile"


def routine_of(reading: Reading) -> RoutineState | None:
    """What CREATE FUNCTION or PROCEDURE makes."""
    target = reading.target
    made = next((a for a in reading.actions if a.kind == "signature"), None)
    if target is None or made is None:
        return None
    inputs = [a for a in reading.actions if a.kind == "argument" and _OUT not in a.flags]
    body = next((a for a in reading.actions if a.kind == "body"), None)
    return RoutineState(
        target.name,
        made.name or "",
        made.value or "",
        tuple(a.name or "" for a in inputs),
        sum("default" in a.flags for a in inputs),
        (body.name or "sql") if body is not None else "sql",
        body.value if body is not None else None,
        next((word for word in ("immutable", "stable") if word in reading.flags), "volatile"),
    )


Routines = Mapping[Name, tuple[RoutineState, ...]]


def with_routine(routines: Routines, key: Name, made: RoutineState) -> Routines:
    """A new signature, or a new body of an old one."""
    others = tuple(r for r in routines.get(key, ()) if r.signature != made.signature)
    return {**routines, key: (*others, made)}


def without_routine(routines: Routines, key: Name, signature: str | None) -> Routines:
    """Without this signature, or without any of the name where none is given."""
    left = tuple(r for r in routines.get(key, ()) if signature is not None and r.signature != signature)
    return {**{k: v for k, v in routines.items() if k != key}, **({key: left} if left else {})}


def signature_dropped(actions: tuple[Action, ...], name: Name) -> str | None:
    """The signature that DROP FUNCTION names."""
    return next((a.value for a in actions if a.kind == "signature" and a.name == str(name)), None)
