"""How long a plan holds which locks, as far as the sizes of now tell: an estimate a revision and a lock. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from alembic_safe.model.facts import Facts, LockMode, Name
from alembic_safe.model.findings import JudgedCommand, JudgedRevision, Judgement
from alembic_safe.model.live import LiveFacts
from alembic_safe.model.results import PlannedLock, PlannedRevision
from alembic_safe.rules.locks import blocked

_RELATIONS = ("table", "view", "materialized view", "foreign table")


def estimated(judgement: Judgement) -> tuple[PlannedRevision, ...]:
    """Phase, locks and estimated seconds of each revision. A lock is kept to the end of its transaction."""
    made = (_revision(revision, judgement.live) for revision in judgement.plan.revisions)
    if judgement.plan.dialect == "sqlite":  # it locks the file, and nobody works beside it
        return tuple(replace(one, locks=(), seconds=None) for one in made)
    return tuple(made)


def _revision(revision: JudgedRevision, live: LiveFacts | None) -> PlannedRevision:
    commands = [
        (statement.statement.ordinal, command)
        for statement in revision.statements
        for command in statement.commands
    ]
    work = [work_of(command.facts, live) for _, command in commands]
    locks: dict[tuple[Name, int | None], PlannedLock] = {}
    for position, (ordinal, command) in enumerate(commands):
        held = _held(commands, work, position)
        for name, mode in _locks(command):
            # where a lock on the table is held already, only a stronger one is news
            key = (name, command.transaction if command.transaction is not None else -ordinal)
            before = locks.get(key)
            if before is None or LockMode[before.mode.replace(" ", "_")] < mode:
                locks[key] = PlannedLock(str(name), mode.title, ordinal, blocked(mode), held)
    total = None if None in work else sum(seconds for seconds in work if seconds is not None)
    return PlannedRevision(revision.revision.id, revision.phase, tuple(locks.values()), total)


def _held(
    commands: Sequence[tuple[int, JudgedCommand]], work: Sequence[float | None], position: int
) -> float | None:
    """Seconds of work from here to the end of the transaction; None where some of it is not known."""
    transaction = commands[position][1].transaction
    spans = [
        seconds
        for (_, command), seconds in zip(commands[position:], work[position:], strict=True)
        if command.transaction is not None and command.transaction == transaction
    ] or [work[position]]
    return None if None in spans else sum(seconds for seconds in spans if seconds is not None)


def work_of(facts: Facts, live: LiveFacts | None) -> float | None:
    """Seconds that the scans and rewrites of a command take; None where a size is not known."""
    new = {name for name, _ in facts.fresh}
    names = {scan.object.name for scan in facts.scans} | {one.object.name for one in facts.rewrites}
    names -= new
    if not names:
        return 0.0 if facts.understood else None
    if live is None:
        return None
    tables = [live.table(name) for name in names]
    known = [table for table in tables if table is not None and table.sized]
    if len(known) < len(tables):
        return None
    return sum(table.bytes + table.index_bytes for table in known) / live.bytes_per_second


def _locks(command: JudgedCommand) -> Iterator[tuple[Name, LockMode]]:
    """Locks on tables that were there before, which anybody could feel."""
    new = {name for name, _ in command.facts.fresh}
    for lock in command.facts.locks:
        name = lock.object.name
        if not name.name or name in new or command.before.age(name) is not None:
            continue
        if lock.object.kind in _RELATIONS and lock.mode >= LockMode.SHARE_UPDATE_EXCLUSIVE:
            yield name, lock.mode
