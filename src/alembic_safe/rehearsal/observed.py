"""From traces to what each statement did: locks taken and how long held, scans, new files, rows, objects. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from alembic_safe.model.facts import LockMode
from alembic_safe.model.traces import SeenRelation, Trace
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.watching import Known, SeenStep

MODES = {mode.server_name: mode for mode in LockMode}
_TABLES = frozenset("rmpf")
_SHOWN = frozenset("rpmfviIS")
_WITH_ROWS = frozenset("rm")
# schemas of what the server makes for itself; a table of a person's may be called pg_something
_SERVERS_OWN = ("pg_toast.", "pg_toast_temp_", "pg_temp_")


@dataclass(frozen=True, slots=True)
class Observation:
    """What one statement was seen to do; names are those from before it. `new_locks` it was the first to take.

    All but `created` tells of relations that were there before the step. `rewritten` have another file than before
    (TRUNCATE gives one too). `locks` are all that are held now; `looked` False: after an error nothing can be asked.
    """

    ordinal: int
    transaction: str
    began: float
    ended: float
    probing: float
    locks: Mapping[str, LockMode] = field(default_factory=dict)
    new_locks: Mapping[str, LockMode] = field(default_factory=dict)
    scanned: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    changed: Mapping[str, int] = field(default_factory=dict)
    created: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    wal: int = 0
    said: tuple[str, ...] = ()
    pages: int = 0
    read: int = 0
    looked: bool = True
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A lock from the beginning of the statement that took it, probing left out.

    To the end of its transaction; to the statement after `last` where a savepoint was rolled back before that.
    Of a connection that a revision opened beside alembic's: to the end of the last statement there.
    """

    relation: str
    kind: str
    mode: LockMode
    first: int
    last: int
    seconds: float


def observations(step: SeenStep) -> tuple[Observation, ...]:
    """Each traced statement in order. A relation is told by its oid, so that a rename does not hide it."""
    found: list[Observation] = []
    now, by_transaction = dict(step.before), dict[str, dict[int, LockMode]]()
    for ordinal in sorted(step.traces):
        trace = step.traces[ordinal]
        held = by_transaction.get(trace.transaction, {}) if trace.transaction else {}
        sampled = step.sampled.get(ordinal, {})
        if ordinal:
            found.append(_observation(trace, step.before, now, held, sampled))
        if trace.looked:
            # not more than there is now: what a savepoint's rollback released may be taken again
            by_transaction[trace.transaction] = {
                one.oid: _strongest(one.modes) for one in trace.relations if one.modes
            }
        for one in trace.relations:
            if one.name:
                now[one.oid] = Known(one.name, one.kind, one.node)
            else:
                now.pop(one.oid, None)
    return tuple(found)


def _observation(
    trace: Trace,
    before: Mapping[int, Known],
    now: Mapping[int, Known],
    held: Mapping[int, LockMode],
    sampled: Mapping[int, tuple[str, ...]],
) -> Observation:
    old = [one for one in trace.relations if one.oid in before]
    outside = [SeenRelation(oid, "", "", modes, 0) for oid, modes in sampled.items() if oid in before]
    locks = {one.oid: _strongest(one.modes) for one in (*outside, *old) if one.modes}
    return Observation(
        trace.ordinal,
        trace.transaction,
        trace.began,
        trace.ended,
        trace.probing,
        {before[oid].name: mode for oid, mode in locks.items()},
        {before[oid].name: mode for oid, mode in locks.items() if held.get(oid, 0) < mode},
        tuple(before[one.oid].name for one in old if one.scans and before[one.oid].kind in _TABLES),
        tuple(_names(one for one in old if _is_rewritten(one, now) and one.name)),
        {before[one.oid].name: one.rows for one in old if one.rows},
        tuple(
            _names(
                one
                for one in trace.relations
                # what a savepoint brings back was not made
                if one.oid not in now
                and one.oid not in before
                and one.kind in _SHOWN
                and not one.name.startswith(_SERVERS_OWN)
            )
        ),
        tuple(
            now[one.oid].name
            for one in trace.relations
            if not one.name and one.oid in now and not now[one.oid].name.startswith(_SERVERS_OWN)
        ),
        trace.wal,
        trace.said,
        sum(one.pages for one in trace.relations),
        sum(one.read for one in trace.relations),
        trace.looked,
        trace.beside,
    )


def _names(relations: Iterator[SeenRelation]) -> Iterator[str]:
    return (one.name for one in relations)


def _is_rewritten(one: SeenRelation, now: Mapping[int, Known]) -> bool:
    was = now.get(one.oid)
    return was is not None and was.kind in _WITH_ROWS and was.node != one.node


def _strongest(modes: tuple[str, ...]) -> LockMode:
    return max((MODES[mode] for mode in modes if mode in MODES), default=LockMode.ACCESS_SHARE)


def held_locks(step: SeenStep, seen: tuple[Observation, ...], seconds: float) -> tuple[Held, ...]:
    """Locks on what was there before the step, each with how long it was held. `seconds` is what the step took."""
    kinds = {one.name: one.kind for one in step.before.values()}
    final = max((n for n, one in enumerate(seen) if not one.beside), default=-1)
    found = []
    for position, one in enumerate(seen):
        span = [n for n, other in enumerate(seen) if _same(one, other, n, position)]
        for name, mode in one.new_locks.items():
            gone = next((n for n in span[1:] if seen[n].looked and seen[n].locks.get(name, 0) < mode), None)
            last = span[-1] if gone is None else span[span.index(gone) - 1]
            # the last transaction ends with the step itself, the others with their last statement, before we look
            if gone is not None:
                ended, looks = seen[gone].began, seen[position:gone]
            elif last == final and one.transaction:
                ended, looks = seconds, seen[position:]
            else:
                ended, looks = seen[last].ended, seen[position:last]
            lasted = max(0.0, ended - one.began - sum(other.probing for other in looks))
            found.append(Held(name, kinds.get(name, "r"), mode, one.ordinal, seen[last].ordinal, lasted))
    return tuple(found)


def _same(one: Observation, other: Observation, n: int, position: int) -> bool:
    return n == position or (n > position and bool(one.transaction) and other.transaction == one.transaction)
