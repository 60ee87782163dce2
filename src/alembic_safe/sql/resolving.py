"""Puts into a reading what only the schema knows: the bodies of routines it calls, the schema of bare names.

`resolve` is to be asked before a reading's facts are, and before it is applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from alembic_safe.model.facts import Action, Name, Reading, Volatility
from alembic_safe.sql.blocks import read_body
from alembic_safe.sql.cursor import NotUnderstood
from alembic_safe.sql.expressions import worst as worse
from alembic_safe.sql.folding import Text, Texts, literals
from alembic_safe.sql.reader import read
from alembic_safe.sql.schema.model import Schema
from alembic_safe.sql.schema.paths import qualified
from alembic_safe.sql.schema.routines import RoutineState
from alembic_safe.sql.server.functions import EFFECTS, volatility_of

_DEEPEST = 5


def resolve(reading: Reading, schema: Schema, depth: int = 0) -> Reading:
    """The reading with the statements of every routine it calls inside it, and names as the path resolves them.

    A call of a routine whose body is not known makes it not understood.
    """
    if schema.search_path:
        reading = qualified(reading, schema)
    if reading.inner:
        reading = replace(reading, inner=tuple(resolve(one, schema, depth) for one in reading.inner))
    if schema.routines and any(_doubtful(a) for a in reading.actions):
        reading = replace(reading, actions=tuple(_settled(a, schema) for a in reading.actions))
    if reading.kind == "create trigger":
        reading = replace(reading, actions=(*reading.actions, *_triggered(reading, schema)))
    called = [action for action in reading.actions if action.kind == "call"]
    return _with_bodies(reading, called, schema, depth) if called else reading


def _doubtful(action: Action) -> bool:
    default = action.column.default if action.column is not None else None
    return default is not None and default.volatility == "unknown"


def _settled(action: Action, schema: Schema) -> Action:
    """A column's default with the volatility that its functions were declared with."""
    column = action.column
    if column is None or column.default is None or not _doubtful(action):
        return action
    worst: Volatility = "immutable"
    for function in column.default.functions:
        found: Volatility = volatility_of(function)
        if found == "unknown":
            known = {routine.volatility for routine in schema.routines_of(Name(function))}
            found = next((v for v in VOLATILITIES if v in known), "unknown")
        worst = worse(worst, found)
    return replace(action, column=replace(column, default=replace(column.default, volatility=worst)))


VOLATILITIES: tuple[Volatility, ...] = ("volatile", "stable", "immutable")


def _with_bodies(reading: Reading, called: list[Action], schema: Schema, depth: int) -> Reading:
    inner, reason = list(reading.inner), reading.not_understood
    for action in called:
        name = _name(action.name or "")
        if name.name in EFFECTS and name.schema in (None, "pg_catalog"):
            continue
        routines = schema.routines_of(name)
        if not routines or any(routine.body is None for routine in routines) or depth >= _DEEPEST:
            reason = reason or f"it calls {action.name}, whose body is not read"
        for routine in routines if depth < _DEEPEST else ():
            body = _body(routine, action)
            inner.append(resolve(body, schema, depth + 1))
    return replace(reading, inner=tuple(inner), not_understood=reason)


def _triggered(reading: Reading, schema: Schema) -> tuple[Action, ...]:
    """What the trigger's function does, as actions "runs": it may assign to the row, raise, write, or be unknown."""
    function = next((o.name for o in reading.objects if o.kind == "function"), Name(""))
    routines = schema.routines_of(function)
    if not routines or routines[-1].body is None:
        return (Action("runs", "unknown", value=str(function)),)
    body = _body(routines[-1], Action("call", str(function)))
    body = resolve(body, schema, 1)
    if not body.understood:
        return (Action("runs", "unknown", value=str(function)),)
    found = [Action("runs", "assigns", value=a.name) for a in body.actions if a.kind == "assigns"]
    found += [Action("runs", a.kind) for a in body.actions if a.kind in ("raises", "returns null")]
    for inner in _flat(body):
        found += [
            Action("runs", "writes", object=o)
            for o in inner.objects
            if o.role not in ("read", "used", "referenced")
        ]
    return tuple(dict.fromkeys(found))


def _flat(reading: Reading) -> Iterator[Reading]:
    yield reading
    for inner in reading.inner:
        yield from _flat(inner)


def _body(routine: RoutineState, action: Action) -> Reading:
    given: dict[str, Texts | None] = {}
    values = literals(action.value or "")
    for name, value in zip(routine.names, values, strict=False):
        given[name] = (Text(value),) if value is not None else None
    try:
        draft = read_body(routine.body or "", routine.language, read, given)
    except NotUnderstood as fault:
        return Reading("do", routine.body or "", not_understood=fault.reason)
    return draft.reading(routine.body or "")


def _name(written: str) -> Name:
    schema, _, name = written.rpartition(".")
    return Name(name, schema or None)
