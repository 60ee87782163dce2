"""What a plan touches (from its facts), and which tables that reaches (with the system catalog). Pure.

A backup of scope `touched` holds the rows of these tables and no others, so that whatever is not known counts
as a doubt, and a name without a schema means every table of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from alembic_safe.model.facts import Action, Facts, Name, ObjectRef, Reading
from alembic_safe.model.findings import JudgedPlan
from alembic_safe.model.scopes import How, Touch, Touched
from alembic_safe.sql.calls import called_in
from alembic_safe.sql.server.functions import EFFECTS

_WRITES = frozenset({"insert", "update", "delete", "merge", "copy", "create table as", "select into"})
_MAKES = frozenset({"create table", "create table as", "select into", "create foreign table"})
_TABLES = frozenset({"table", "foreign table"})
# Actions of ALTER TABLE that leave every stored value as it is. What is not listed changes some.
_KEEPING = frozenset(
    """add column|add constraint|validate constraint|drop constraint|alter constraint|rename|rename column
    |rename constraint|set schema|owner to|set default|drop default|set not null|drop not null|set parameters
    |reset parameters|set column options|reset column options|set statistics|set storage|set compression
    |cluster on|set without cluster|replica identity|enable row security|disable row security
    |force row security|no force row security|enable trigger|enable replica trigger|enable always trigger
    |disable trigger|enable rule|enable replica rule|enable always rule|disable rule|attach partition
    |detach partition|detach partition finalize|inherit|no inherit|of|not of|depends on extension
    |add identity|set identity|drop identity|options|column foreign options|set logged|set tablespace
    |set access method|move all in tablespace""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)
_LARGE_OBJECTS = re.compile(r"\b(lo_\w+|lowrite|loread)\s*\(", re.IGNORECASE)
_UPSERT = re.compile(r"\bdo\s+update\b", re.IGNORECASE)
_TAKES_ALONG = frozenset({"extension", "server", "foreign data wrapper", "database", "language"})


def touched(plan: JudgedPlan) -> Touched:
    """What the statements of the plan touch, in the names that tables have before it."""
    walk = _Walk()
    for revision in plan.revisions:
        for command in revision.commands:
            walk.take(command.facts)
        if revision.not_inspectable is not None:
            walk.doubt(
                f"what revision {revision.revision.id} does cannot be shown: {revision.not_inspectable}"
            )
    return walk.touched()


def touched_by(facts: Iterable[Facts]) -> Touched:
    """What these statements touch: those of a function's body."""
    walk = _Walk()
    for one in facts:
        walk.take(one)
    return walk.touched()


class _Walk:
    """Goes over statements in order, for a table may be made, renamed and then written."""

    def __init__(self) -> None:
        self._touches: dict[Touch, None] = {}
        self._schemas: dict[str, None] = {}
        self._types: dict[Name, None] = {}
        self._calls: dict[str, None] = {}
        self._doubts: dict[str, None] = {}
        self._large_objects = False
        self._made: set[Name] = set()
        self._former: dict[Name, Name] = {}
        self._firing: set[Name] = set()

    def touched(self) -> Touched:
        return Touched(
            tuple(self._touches),
            tuple(self._schemas),
            tuple(self._types),
            tuple(self._calls),
            tuple(self._doubts),
            self._large_objects,
        )

    def doubt(self, reason: str) -> None:
        self._doubts[reason] = None

    def take(self, facts: Facts) -> None:
        reading = facts.reading
        self._reading(reading)
        for rewrite in facts.rewrites:
            if rewrite.object.kind in _TABLES:
                self._touch(rewrite.object.name, "rewritten")

    def _reading(self, reading: Reading) -> None:
        for how in _hows(reading):
            for named in reading.objects:
                if named.role == "written" or (how == "truncated" and named.role == "altered"):
                    self._touch(named.name, how, cascade="cascade" in reading.flags)
        called = [action.name or "" for action in reading.actions if action.kind == "call"]
        self._calls |= dict.fromkeys(
            name for name in called if name.removeprefix("pg_catalog.") not in EFFECTS
        )
        if reading.kind in _WRITES:
            self._calls |= dict.fromkeys(called_in(reading.text))
        self._large_objects = self._large_objects or bool(_LARGE_OBJECTS.search(reading.text))
        if reading.not_understood and not _only_calls(reading, called):
            self.doubt(f"{_shown(reading)}: {reading.not_understood}")
        self._definition(reading)
        if reading.kind != "explain" or "analyze" in reading.flags:
            for inner in reading.inner:
                self._reading(inner)

    def _definition(self, reading: Reading) -> None:
        if reading.kind in _MAKES:
            self._make(reading)
        elif reading.kind == "drop owned":
            self.doubt("DROP OWNED: what goes with it is not looked up")
        elif reading.kind.startswith("drop "):
            for named in reading.objects:
                self._drop(reading, named)
        elif reading.kind in ("alter table", "alter foreign table", "alter view"):
            for action in reading.actions:
                self._alter(reading, action)
        elif reading.kind == "alter type" and "cascade" in reading.flags:
            self.doubt(f"{_shown(reading)}: CASCADE alters tables of that type")
        elif reading.kind == "alter schema" and any(a.kind == "rename" for a in reading.actions):
            self.doubt(f"{_shown(reading)}: tables have another name after it")
        elif reading.kind in ("create trigger", "create rule"):
            self._firing |= {self._old(named.name) for named in reading.objects if named.role == "on"}

    def _make(self, reading: Reading) -> None:
        if "if not exists" not in reading.flags and reading.target is not None:
            self._made.add(_key(reading.target.name))

    def _drop(self, reading: Reading, named: ObjectRef) -> None:
        if named.role != "dropped":
            return
        if named.kind in _TABLES:
            self._touch(named.name, "dropped", cascade="cascade" in reading.flags)
            self._made.discard(_key(named.name))
        elif named.kind == "schema":
            self._schemas[named.name.name] = None
        elif named.kind in ("type", "domain") and "cascade" in reading.flags:
            self._types[named.name] = None
        elif named.kind in _TAKES_ALONG or (
            "cascade" in reading.flags
            and named.kind not in ("view", "materialized view", "index", "sequence")
        ):
            self.doubt(f"{_shown(reading)}: what goes with it is not looked up")

    def _alter(self, reading: Reading, action: Action) -> None:
        target = reading.target
        if target is None:
            if action.kind == "move all in tablespace":
                self.doubt(f"{_shown(reading)}: it moves tables that it does not name")
            return
        if action.kind == "rename" and action.new_name:
            self._rename(target.name, Name(action.new_name, target.name.schema))
        elif action.kind == "set schema" and action.value:
            self._rename(target.name, Name(target.name.name, action.value))
        elif action.kind not in _KEEPING and reading.kind != "alter view":
            self._touch(target.name, "altered")

    def _rename(self, old: Name, new: Name) -> None:
        if _key(old) in self._made:
            self._made.discard(_key(old))
            self._made.add(_key(new))
            return
        self._former[_key(new)] = self._old(old)
        self._made.discard(_key(new))

    def _old(self, name: Name) -> Name:
        return self._former.get(_key(name), name)

    def _touch(self, name: Name, how: How, *, cascade: bool = False) -> None:
        if _key(name) in self._made:
            return
        old = self._old(name)
        if old in self._firing and how not in ("dropped", "altered", "rewritten"):
            self.doubt(f"the plan itself makes a trigger or rule on {old}, and then changes rows of it")
        self._touches[Touch(old, how, cascade and how in ("truncated", "dropped"))] = None


def _hows(reading: Reading) -> Iterator[How]:
    """What happens to the rows of what a statement writes."""
    if reading.kind == "truncate table":
        yield "truncated"
        return
    flags = reading.flags
    merges = reading.kind == "merge" or "merge" in flags
    if merges or "delete" in flags or reading.kind == "delete":
        yield "deleted"
    # the reader keeps no flag of ON CONFLICT; the words in a string do no harm here
    if merges or "update" in flags or reading.kind == "update" or _UPSERT.search(reading.text):
        yield "updated"
    if merges or "insert" in flags or reading.kind in ("insert", "copy"):
        yield "written"


def _key(name: Name) -> Name:
    return Name(name.name) if name.schema == "public" else name


def _shown(reading: Reading) -> str:
    target = reading.target or next(iter(reading.objects), None)
    return f"{reading.kind.upper()} {target.name}" if target else reading.kind.upper()


def _only_calls(reading: Reading, called: list[str]) -> bool:
    """Whether a call is all that is not understood: what the function does is asked of the system catalog."""
    return any(reading.not_understood == f"it calls {name}, whose body is not read" for name in called)
