"""Where a rule looks: one command with what stands before and after it, or the whole plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from alembic_safe.model.facts import Facts, LockFact, LockMode, Name, Reading
from alembic_safe.model.findings import GatePolicy, JudgedCommand, JudgedPlan, JudgedRevision, JudgedStatement
from alembic_safe.model.known import KnownColumn, KnownSchema, KnownTable
from alembic_safe.model.live import LiveFacts
from alembic_safe.model.revisions import Source

_TEMPORARY = frozenset({"temporary", "temp"})


def plain(name: Name) -> Name:
    """For comparing: `public.t` is `t`."""
    return Name(name.name) if name.schema == "public" else name


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
        later = self.after_in_revision()
        return not self.command.path_local or all(
            p.command.transaction == self.command.transaction for p in later
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
        return not self.reading.inner or not _made_inside(self.reading, name)

    def old_locks(self, at_least: LockMode) -> tuple[LockFact, ...]:
        """Locks of this strength or more on tables that were there before."""
        relations = ("table", "view", "materialized view", "foreign table")
        return tuple(
            lock
            for lock in self.facts.locks
            if lock.mode >= at_least and lock.object.kind in relations and self.old(lock.object.name)
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
        return tuple(
            p
            for p in self.whole.places[self.position + 1 :]
            if p.revision.revision.id == self.revision.revision.id
        )

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
    if reading.kind != "create function" and not planned:
        for inner in reading.inner:
            yield from _flat(inner)


class Whole:
    """The plan laid out in the order it runs, and who made what in it."""

    def __init__(self, plan: JudgedPlan, live: LiveFacts | None, policy: GatePolicy) -> None:
        self.plan, self.live, self.policy = plan, live, policy
        places: list[Place] = []
        self.first_of: dict[str, int] = {}
        for revision in plan.revisions:
            self.first_of[revision.revision.id] = len(places)
            for statement in revision.statements:
                for command in statement.commands:
                    places.append(Place(self, len(places), revision, statement, command))
        self.places = tuple(places)

    def of(self, revision: JudgedRevision) -> tuple[Place, ...]:
        """The commands of one revision."""
        first = self.first_of[revision.revision.id]
        return self.places[first : first + len(revision.commands)]

    @cached_property
    def makings(self) -> dict[tuple[object, ...], list[int]]:
        """Positions of what is made: ("column", table, name), ("index", name), ("constraint", table, name),

        ("enum value", type, value), ("type", name), ("view", name), ("temporary", name), and ("key", table)
        for any unique or primary key.
        """
        made: dict[tuple[object, ...], list[int]] = {}
        for place in self.places:
            for reading in place.readings:
                for what in _makes(reading):
                    made.setdefault(what, []).append(place.position)
        return made

    def maker(self, place: Place, kind: str, *names: Name | str) -> Place | None:
        """The last earlier command that made it; only of the same revision where revisions stand apart."""
        wanted = (kind, *(plain(n) if isinstance(n, Name) else n for n in names))
        least = 0 if self.plan.together else self.first_of[place.revision.revision.id]
        found = [p for p in self.makings.get(wanted, ()) if least <= p < place.position]
        return self.places[found[-1]] if found else None

    def made_here(self, place: Place, name: Name) -> bool:
        """Whether the relation is a temporary one, which no other session sees."""
        return name.schema == "pg_temp" or self.maker(place, "temporary", name) is not None


def _makes(reading: Reading) -> Iterator[tuple[object, ...]]:
    target = reading.target
    table = plain(target.name) if target is not None else Name("")
    for made in reading.objects:
        if made.role == "created":
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
