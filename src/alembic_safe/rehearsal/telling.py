"""From what was seen of a step to the value that is shown: statements, locks, stall, and what to expect. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from alembic_safe.model.facts import LockMode
from alembic_safe.model.rehearsals import (
    Difference,
    RehearsedLock,
    RehearsedRevision,
    RehearsedStatement,
)
from alembic_safe.model.revisions import RevisionListing, Statement
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.forecasting import Sizes, forecast
from alembic_safe.rehearsal.observed import Held, Observation, held_locks, observations
from alembic_safe.rehearsal.watching import SeenStep

_TABLES = frozenset("rpmvf")
Blocks = Callable[[LockMode], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Telling:
    """What is known beside a step. `old` are relations that were there before the rehearsal, by their names in it.

    `blocks` gives the kinds of query that a lock stops, `last` what a revision took the last time (seconds).
    """

    sizes: Sizes
    old: frozenset[str]
    blocks: Blocks
    last: Mapping[str, float]


def told(
    step: SeenStep, listing: RevisionListing, telling: Telling, differences: tuple[Difference, ...] = ()
) -> RehearsedRevision:
    """One revision as it ran; `listing` has its statements as they are shown, masked."""
    seen = observations(step)
    by_ordinal = {one.ordinal: one for one in seen}
    expected = forecast(listing.statements, by_ordinal, telling.sizes)
    last = telling.last.get(listing.revision.id)
    whole = step.seconds
    if whole is None:  # it failed
        whole = seen[-1].ended if seen else sum(one.duration or 0.0 for one in listing.statements)
    seconds = max(0.0, whole - step.probing)
    statements = tuple(_statement(one, by_ordinal.get(one.ordinal), expected) for one in listing.statements)
    held = held_locks(step, seen, whole)
    locks = tuple(_lock(one, listing.statements, expected, telling) for one in held if _felt(one, telling))
    blocking = [lock for lock in locks if lock.blocks]
    return RehearsedRevision(
        revision=listing.revision.id,
        message=listing.revision.message,
        file=listing.revision.path,
        direction=listing.direction,
        seconds=seconds,
        statements=statements,
        locks=locks,
        stall=max((lock.seconds for lock in blocking), default=0.0),
        differences=differences,
        fault=listing.not_inspectable,
        fault_at=listing.not_inspectable_at,
        forecast=_with_history(_total(seconds, listing.statements, expected), last),
        stall_forecast=_longest(blocking),
        probing=step.probing,
        last_time=last,
    )


def _statement(
    statement: Statement, one: Observation | None, expected: Mapping[int, float | None]
) -> RehearsedStatement:
    told = RehearsedStatement(
        ordinal=statement.ordinal,
        sql=statement.sql,
        source=statement.source,
        seconds=statement.duration,
        rows=statement.rows,
        autocommit=statement.autocommit,
        began=0.0,
        traced=False,
        error=statement.error,
        forecast=expected.get(statement.ordinal),
    )
    if one is None:
        return told
    return replace(
        told,
        began=one.began,
        traced=True,
        locks=tuple(f"{mode.title} on {name}" for name, mode in one.new_locks.items()),
        scanned=one.scanned,
        rewritten=one.rewritten,
        changed=dict(one.changed),
        created=one.created,
        dropped=one.dropped,
        wal=one.wal,
        pages=one.pages,
        pages_read=one.read,
        said=one.said,
    )


def _felt(held: Held, telling: Telling) -> bool:
    """Whether a lock is on a table that was there before, and strong enough to be told."""
    return (
        held.kind in _TABLES and held.relation in telling.old and held.mode >= LockMode.SHARE_UPDATE_EXCLUSIVE
    )


def _lock(
    held: Held, statements: Sequence[Statement], expected: Mapping[int, float | None], telling: Telling
) -> RehearsedLock:
    span = [one for one in statements if held.first <= one.ordinal <= held.last]
    worked = sum(one.duration or 0.0 for one in span)
    later = [expected.get(one.ordinal) for one in span]
    # what passed between the statements is Python's, and passes there too
    between = max(0.0, held.seconds - worked)
    there = None if None in later else between + sum(one for one in later if one is not None)
    return RehearsedLock(
        held.relation, held.mode.title, held.first, held.seconds, telling.blocks(held.mode), there
    )


def _total(
    seconds: float, statements: Sequence[Statement], expected: Mapping[int, float | None]
) -> float | None:
    each = [expected.get(one.ordinal) for one in statements]
    if None in each:
        return None
    worked = sum(one.duration or 0.0 for one in statements)
    return max(0.0, seconds - worked) + sum(one for one in each if one is not None)


def _with_history(expected: float | None, last: float | None) -> float | None:
    """What it took the last time on this very target is the least to be expected of the next."""
    if expected is None or last is None:
        return last if expected is None else expected
    return max(expected, last)


def _longest(locks: Sequence[RehearsedLock]) -> float | None:
    each = [lock.forecast for lock in locks]
    return None if None in each else max((one for one in each if one is not None), default=0.0)
