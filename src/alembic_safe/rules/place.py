"""Where a rule looks: one command with what stands before and after it, or the whole plan."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property

from alembic_safe.model.facts import HOLE, Facts, LockFact, LockMode, Name, Reading
from alembic_safe.model.findings import GatePolicy, JudgedCommand, JudgedPlan, JudgedRevision, JudgedStatement
from alembic_safe.model.known import KnownColumn, KnownSchema, KnownTable
from alembic_safe.model.live import LiveFacts
from alembic_safe.model.revisions import Source
from alembic_safe.quick import dataclass

# positions by revision, its transaction, and kind of command ("" where that is no matter)
_Index = dict[tuple[str, int | None, str], list[int]]
_TEMPORARY = frozenset({"temporary", "temp"})
_RELATIONS = frozenset({"table", "view", "materialized view", "foreign table"})
_ON_TABLE = frozenset({"trigger", "rule", "policy"})


def plain(name: Name) -> Name:
    """For comparing: `public.t` is `t`."""
    return Name(name.name) if name.schema == "public" else name


def same(one: Name | None, other: Name | None) -> bool:
    """Whether both name one thing; never where a name is known only when the statement runs."""
    return one is not None and other is not None and one.certain and plain(one) == plain(other)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a finding points: a revision, and in it a statement and line where there is one."""

    revision: JudgedRevision | None = None
    statement: JudgedStatement | None = None
    command: JudgedCommand | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One command of the plan. `position` counts commands of the plan from 0."""

    whole: Whole
    position: int
    revision: JudgedRevision
    statement: JudgedStatement
    command: JudgedCommand

    @property
    def facts(self) -> Facts:
        """What is known of the command."""
        return self.command.facts

    @property
    def before(self) -> KnownSchema:
        """The schema just before it."""
        return self.command.before

    @property
    def reading(self) -> Reading:
        """What its text says."""
        return self.command.facts.reading

    @property
    def readings(self) -> Iterator[Reading]:
        """The command and those that run inside it (a DO block's)."""
        return _flat(self.reading)

    @property
    def spot(self) -> Spot:
        """This place, for a hit of a rule of the whole plan."""
        return Spot(self.revision, self.statement, self.command)

    @property
    def version(self) -> int:
        """The server's major."""
        return self.facts.version

    @property
    def path_after(self) -> tuple[str, ...] | None:
        """The search_path that the command sets (() for the usual one); None where it sets none."""
        return self.command.path_after

    @property
    def path_holds_at_the_end(self) -> bool:
        """Whether what it sets still holds when the revision's version row is written."""
        return not self.command.path_local or all(
            p.command.transaction == self.command.transaction for p in self.after_in_revision()
        )

    @property
    def in_transaction(self) -> bool:
        """Whether it runs inside alembic's transaction."""
        return self.command.transaction is not None

    def table(self, name: Name) -> KnownTable | None:
        """What is known of a table."""
        return self.before.table(name)

    def column(self, table: Name, column: str | None) -> KnownColumn | None:
        """What is known of a column."""
        state = self.before.table(table)
        return state.columns.get(column or "") if state is not None else None

    def old(self, name: Name) -> bool:
        """Whether a table was there before the plan, so that the application may be using it."""
        if name.name == "" or self.before.age(name) is not None or self.whole.made_here(self, name):
            return False
        if not name.certain:
            return True
        return not self.reading.inner or not _made_inside(self.reading, name)

    def absent(self, reading: Reading, name: Name) -> bool:
        """Whether IF EXISTS makes nothing of it, since it is known not to be there."""
        if "if exists" not in reading.flags or not name.certain or not self.before.knows_all:
            return False
        kind = reading.kind.partition(" ")[2]
        if kind in ("type", "domain"):
            return self.before.type(name) is None
        if kind == "index":
            return self.before.index(name) is None
        if kind in _RELATIONS:
            return self.before.table(name) is None
        table = next((o.name for o in reading.objects if o.role == "on"), None) if kind in _ON_TABLE else None
        return self.before.there(kind, name, table) is False

    def old_locks(self, at_least: LockMode) -> tuple[LockFact, ...]:
        """Locks of this strength or more on tables that were there before."""
        return tuple(
            lock
            for lock in self.facts.locks
            if lock.mode >= at_least and lock.object.kind in _RELATIONS and self.old(lock.object.name)
        )

    def made(self, kind: str, *names: Name | str) -> bool:
        """Whether an earlier command of this plan made it: see `Whole.makings`."""
        return self.whole.maker(self, kind, *names) is not None

    def before_in_revision(self) -> tuple[Place, ...]:
        """The commands of the same revision that run earlier."""
        first = self.whole.first_of[self.revision.revision.id]
        return self.whole.places[first : self.position]

    def after_in_revision(self) -> tuple[Place, ...]:
        """The commands of the same revision that run later."""
        return self.whole.places[self.position + 1 : self.whole.end_of[self.revision.revision.id]]

    def after(self) -> tuple[Place, ...]:
        """All commands of the plan that run later, or of the revision where revisions stand apart."""
        if self.whole.plan.together:
            return self.whole.places[self.position + 1 :]
        return self.after_in_revision()


def _made_inside(reading: Reading, name: Name) -> bool:
    """Whether the first that a block or function body does with a relation is to make it."""
    wanted = plain(name)
    for inner in _flat(reading):
        roles = {o.role for o in inner.objects if plain(o.name) == wanted}
        if roles:
            return "created" in roles
    return False


def _flat(reading: Reading) -> Iterator[Reading]:
    yield reading
    planned = reading.kind == "explain" and "analyze" not in reading.flags
    if not planned:
        for inner in reading.inner:
            yield from _flat(inner)


class Whole:
    """The plan laid out in the order it runs, and who made what in it."""

    def __init__(self, plan: JudgedPlan, live: LiveFacts | None, policy: GatePolicy) -> None:
        self.plan, self.live, self.policy = plan, live, policy
        places: list[Place] = []
        self.first_of: dict[str, int] = {}
        self.end_of: dict[str, int] = {}
        for revision in plan.revisions:
            self.first_of[revision.revision.id] = len(places)
            for statement in revision.statements:
                for command in statement.commands:
                    places.append(Place(self, len(places), revision, statement, command))
            self.end_of[revision.revision.id] = len(places)
        self.places = tuple(places)

    def of(self, revision: JudgedRevision) -> tuple[Place, ...]:
        """The commands of one revision."""
        return self.places[self.first_of[revision.revision.id] : self.end_of[revision.revision.id]]

    def before_in_transaction(self, place: Place, kind: str) -> tuple[Place, ...]:
        """The earlier commands of this kind in the same transaction of the revision; found without a search."""
        return self._earlier(self._by_kind, place, kind)

    def locking_before(self, place: Place) -> tuple[Place, ...]:
        """The earlier commands of the transaction that made the locks held on old tables stronger (SHARE or more).

        A loop of a thousand like statements adds its first one alone.
        """
        return self._earlier(self._locking, place, "")

    def _earlier(self, index: _Index, place: Place, kind: str) -> tuple[Place, ...]:
        found = index.get((place.revision.revision.id, place.command.transaction, kind), [])
        return tuple(self.places[p] for p in found[: bisect_left(found, place.position)])

    @cached_property
    def _by_kind(self) -> _Index:
        found: _Index = {}
        for place in self.places:
            for kind in {reading.kind for reading in place.readings}:
                found.setdefault((place.revision.revision.id, place.command.transaction, kind), []).append(
                    place.position
                )
        return found

    @cached_property
    def _locking(self) -> _Index:
        found: _Index = {}
        held: dict[tuple[str, int | None, Name], LockMode] = {}
        for place in self.places:
            key = (place.revision.revision.id, place.command.transaction)
            for lock in place.old_locks(LockMode.SHARE):
                what = (*key, lock.object.name)
                before = held.get(what)
                if before is None or lock.mode > before:
                    held[what] = lock.mode
                    positions = found.setdefault((*key, ""), [])
                    if positions[-1:] != [place.position]:
                        positions.append(place.position)
        return found

    @cached_property
    def makings(self) -> dict[tuple[object, ...], list[int]]:
        """Positions of what is made: ("column", table, name), ("index", name), ("constraint", table, name),

        ("trigger", table, name), ("enum value", type, value), ("type", name), ("view", name), ("temporary", name).
        What has a name that is known only when it runs is not among them.
        """
        made: dict[tuple[object, ...], list[int]] = {}
        for place in self.places:
            for reading in place.readings:
                for what in filter(_named, _makes(reading)):
                    made.setdefault(what, []).append(place.position)
        return made

    def maker(self, place: Place, kind: str, *names: Name | str) -> Place | None:
        """The last earlier command that made it; only of the same revision where revisions stand apart."""
        wanted = (kind, *(plain(n) if isinstance(n, Name) else n for n in names))
        least = 0 if self.plan.together else self.first_of[place.revision.revision.id]
        found = self.makings.get(wanted, [])
        last = bisect_left(found, place.position) - 1
        return self.places[found[last]] if last >= 0 and found[last] >= least else None

    def made_here(self, place: Place, name: Name) -> bool:
        """Whether the relation is a temporary one, which no other session sees."""
        return name.schema == "pg_temp" or self.maker(place, "temporary", name) is not None


def _named(what: tuple[object, ...]) -> bool:
    """Whether all of it has a name now."""
    return all(part.certain if isinstance(part, Name) else part != HOLE for part in what)


def _makes(reading: Reading) -> Iterator[tuple[object, ...]]:
    target = reading.target
    table = plain(target.name) if target is not None else Name("")
    for made in reading.objects:
        if made.role == "created" and made.kind in _ON_TABLE:
            yield from ((made.kind, plain(o.name), made.name) for o in reading.objects if o.role == "on")
        elif made.role == "created":
            yield made.kind, plain(made.name)
            if reading.flags & _TEMPORARY:
                yield "temporary", plain(made.name)
    for action in reading.actions:
        if action.kind == "add column" and action.column is not None:
            yield "column", table, action.column.name
        elif action.kind == "add constraint" and action.name:
            yield "constraint", table, action.name
        elif action.kind == "add value" and action.name is not None:
            yield "enum value", table, action.name
        elif action.kind == "rename column" and action.new_name:
            yield "renamed column", table, action.new_name
