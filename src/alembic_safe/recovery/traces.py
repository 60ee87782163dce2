"""What a statement leaves to be seen in the schema, whether it may be run twice, and what undoes it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from alembic_safe.model.facts import Action, Name, ObjectRef, Reading
from alembic_safe.quick import dataclass
from alembic_safe.sql.natures import nature_of

_RELATIONS = frozenset({"table", "index", "view", "materialized view", "sequence", "foreign table"})
_OTHERS = frozenset({"type", "schema", "extension"})
# these come to the same end however often they are run, and leave the schema's definition as it was
_UPKEEP = frozenset({"analyze", "vacuum", "reindex", "cluster", "refresh materialized view", "checkpoint"})
_SETTERS = frozenset(
    {
        "validate constraint",
        "set not null",
        "drop not null",
        "set default",
        "drop default",
        "set statistics",
        "set storage",
        "set",
        "reset",
        "owner to",
    }
)


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that is there (`made`) or gone after a statement, as `databases.find` names it."""

    kind: str
    name: Name
    part: str
    made: bool

    @property
    def key(self) -> tuple[str, Name, str]:
        """What it is about, whether made or taken away."""
        return self.kind, self.name, self.part


def traces_of(reading: Reading) -> tuple[Trace, ...]:
    """What of it can be seen in the schema; nothing where it is not understood, or guarded by IF [NOT] EXISTS."""
    if not reading.understood or reading.flags & {"if exists", "if not exists", "or replace"}:
        return ()
    return tuple(_traces(reading))


def _traces(reading: Reading) -> Iterator[Trace]:
    table = next((o for o in reading.objects if o.role == "on"), None)
    for one in reading.objects:
        if one.role not in ("created", "dropped"):
            continue
        made = one.role == "created"
        if one.kind in _RELATIONS:
            yield Trace("relation", _beside(one, table), "", made)
        elif one.kind in _OTHERS:
            yield Trace(one.kind, one.name, "", made)
        elif one.kind == "trigger" and table is not None:
            yield Trace("trigger", table.name, one.name.name, made)
    target = next((o for o in reading.objects if o.role == "altered"), None)
    if target is not None:
        for action in reading.actions:
            if not action.flags & {"if exists", "if not exists"}:
                yield from _of_action(reading, target, action)


def _beside(one: ObjectRef, table: ObjectRef | None) -> Name:
    """An index lies in the schema of its table, which its own name never says."""
    if one.kind == "index" and one.role == "created" and table is not None:
        return Name(one.name.name, table.name.schema)
    return one.name


def _of_action(reading: Reading, target: ObjectRef, action: Action) -> Iterator[Trace]:
    name, kind = target.name, action.kind
    if kind in ("add column", "drop column") and action.name:
        yield Trace("column", name, action.name, kind == "add column")
    elif kind in ("add constraint", "drop constraint") and action.name:
        yield Trace("constraint", name, action.name, kind == "add constraint")
    elif kind == "add value" and action.name:
        yield Trace("label", name, action.name, True)
    elif kind in ("attach partition", "detach partition") and action.object is not None:
        yield Trace("partition", name, action.object.name.name, kind == "attach partition")
    elif kind in ("rename column", "rename constraint") and action.name and action.new_name:
        part = kind.removeprefix("rename ")
        yield Trace(part, name, action.name, False)
        yield Trace(part, name, action.new_name, True)
    elif kind == "rename" and action.new_name and target.kind in _RELATIONS:
        yield Trace("relation", name, "", False)
        yield Trace("relation", Name(action.new_name, name.schema), "", True)


def is_repeatable(reading: Reading) -> bool:
    """Whether running it again, after it took effect, does no harm and comes to the same end."""
    if not reading.understood or nature_of(reading) == "data":
        return False
    if reading.kind in _UPKEEP or reading.flags & {"if not exists", "if exists", "or replace"}:
        return True
    if reading.kind in ("comment", "grant", "revoke"):
        return True
    if not reading.kind.startswith("alter"):
        return False
    return bool(reading.actions) and all(
        a.kind in _SETTERS or a.flags & {"if not exists", "if exists"} for a in reading.actions
    )


def is_upkeep(reading: Reading) -> bool:
    """Whether it leaves every definition as it was, so that nothing of it need be undone."""
    return reading.understood and reading.kind in _UPKEEP


def quoted(name: Name, schema: str | None = None) -> str:
    """The name as SQL."""
    return ".".join('"' + p.replace('"', '""') + '"' for p in (name.schema or schema, name.name) if p)


@dataclass(frozen=True, slots=True)
class Undoing:
    """The SQL that undoes a statement, and what is lost with it ("" nothing)."""

    sql: str
    loses: str = ""


def undoing_of(reading: Reading, schema_of: Callable[[str, Name, str], str]) -> tuple[Undoing, ...] | None:
    """What undoes it, in order; None where no statement does. `schema_of` says where something that exists lies."""
    if not reading.understood:
        return None
    if is_upkeep(reading):
        return ()
    made = traces_of(reading)
    if not made or len(made) < _weight(reading):
        return None
    undone: list[Undoing] = []
    for trace in reversed(made):
        if not trace.made:
            if reading.kind.startswith("alter") and any(a.kind.startswith("rename") for a in reading.actions):
                continue
            return None
        one = _undo(reading, trace, schema_of)
        if one is None:
            return None
        undone.append(one)
    return tuple(undone)


def _weight(reading: Reading) -> int:
    """How many things it does: each must have left a trace for all of it to be undone."""
    acts = [a for a in reading.actions if not reading.kind.startswith(("create", "drop"))]
    return max(1, len(acts))


def _undo(reading: Reading, trace: Trace, schema_of: Callable[[str, Name, str], str]) -> Undoing | None:
    schema = schema_of(trace.kind, trace.name, trace.part)
    name, part = quoted(trace.name, schema), quoted(Name(trace.part))
    renamed = next((a for a in reading.actions if a.kind.startswith("rename")), None)
    if renamed is not None:
        return _rename_back(reading, renamed, name, schema)
    if trace.kind == "relation":
        kind = next(o.kind for o in reading.objects if o.role == "created")
        if kind == "index":
            return Undoing(f"DROP INDEX CONCURRENTLY {name}")
        loses = {
            "table": f"table {name} with the rows that were written to it since",
            "sequence": f"sequence {name} with its value",
        }
        return Undoing(f"DROP {kind.upper()} {name}", loses.get(kind, ""))
    if trace.kind in _OTHERS:
        return Undoing(f"DROP {trace.kind.upper()} {quoted(trace.name, schema or None)}")
    words = {
        "column": (
            f"ALTER TABLE {name} DROP COLUMN {part}",
            f"what was written to column {part} of {name} since",
        ),
        "constraint": (f"ALTER TABLE {name} DROP CONSTRAINT {part}", ""),
        "trigger": (f"DROP TRIGGER {part} ON {name}", ""),
    }
    return Undoing(*words[trace.kind]) if trace.kind in words else None


def _rename_back(reading: Reading, action: Action, name: str, schema: str) -> Undoing | None:
    old, new = action.name, action.new_name
    target = reading.target
    if new is None or target is None or len(reading.actions) != 1:
        return None
    kind = target.kind.upper()
    if action.kind == "rename":
        return Undoing(f"ALTER {kind} {name} RENAME TO {quoted(Name(target.name.name))}")
    what = action.kind.removeprefix("rename ").upper()
    return Undoing(f"ALTER TABLE {name} RENAME {what} {quoted(Name(new))} TO {quoted(Name(old or ''))}")
