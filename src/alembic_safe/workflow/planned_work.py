"""From a judged plan to what preflight asks the server about: locks, copies, owners, schemas. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Facts, LockMode, Name
from alembic_safe.model.findings import JudgedPlan, JudgedRevision
from alembic_safe.model.preflight import PhasedStep, PlannedWork

_RELATIONS = ("table", "view", "materialized view", "foreign table")
_IN_A_SCHEMA = (*_RELATIONS, "sequence", "type", "domain", "function", "procedure")
# what only the owner of the table may do
_OWNERS = ("alter ", "drop ", "create index", "reindex")
_ROLES = ("role", "session_authorization")


def planned_work(plan: JudgedPlan) -> PlannedWork:
    """What the plan does to what was there before it."""
    locks: dict[Name, LockMode] = {}
    rewritten, indexed, owned, schemas = [], [], [], []
    autocommit = switches = False
    for facts, alone in _facts(plan):
        new = {name for name, _ in facts.fresh}
        for lock in facts.locks:
            name = lock.object.name
            if name.name and name not in new and lock.object.kind in _RELATIONS:
                locks[name] = max(lock.mode, locks.get(name, LockMode.ACCESS_SHARE))
        if facts.reading.kind != "truncate table":
            rewritten += [r.object.name for r in facts.rewrites if r.object.name not in new]
        indexed += [
            s.object.name for s in facts.scans if s.kind == "index build" and s.object.name not in new
        ]
        owned += [name for name in _owned(facts) if name not in new]
        schemas += list(_schemas(facts, new))
        autocommit |= alone
        switches |= facts.reading.kind == "set" and any(a.name in _ROLES for a in facts.reading.actions)
    return PlannedWork(
        locks,
        tuple(dict.fromkeys(rewritten)),
        tuple(indexed),
        tuple(dict.fromkeys(owned)),
        tuple(dict.fromkeys(schemas)),
        autocommit,
        switches,
        _steps(plan, ("contract", "incompatible")),
        _steps(plan, ("expand", "backfill")),
    )


def _steps(plan: JudgedPlan, phases: tuple[str, ...]) -> tuple[PhasedStep, ...]:
    return tuple(
        PhasedStep(revision.revision.id, _tables(revision))
        for revision in plan.revisions
        if revision.phase in phases
    )


def _tables(revision: JudgedRevision) -> frozenset[Name] | None:
    """The tables that a revision is about; None where not all of it is known."""
    if revision.not_inspectable is not None or not all(c.facts.understood for c in revision.commands):
        return None
    return frozenset(
        found.name
        for command in revision.commands
        for found in command.facts.reading.objects
        if found.kind == "table" and found.role != "referenced"
    )


def _facts(plan: JudgedPlan) -> Iterator[tuple[Facts, bool]]:
    """Every command's facts, and whether it commits on its own."""
    for revision in plan.revisions:
        for statement in revision.statements:
            for command in statement.commands:
                yield command.facts, command.transaction is None


def _owned(facts: Facts) -> Iterator[Name]:
    if facts.reading.kind.startswith(_OWNERS):
        for found in facts.reading.objects:
            if found.kind in _RELATIONS and found.role in ("altered", "dropped", "on"):
                yield found.name


def _schemas(facts: Facts, new: set[Name]) -> Iterator[str | None]:
    """Where something is made; an index is made where its table is."""
    for found in facts.reading.objects:
        made = found.role == "created" and found.kind in _IN_A_SCHEMA
        if made or (facts.reading.kind == "create index" and found.role == "on" and found.name not in new):
            yield found.name.schema
