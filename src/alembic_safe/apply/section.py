"""The steps of one execution of env.py, with as many attempts as the policy allows, under a guard."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

from alembic_safe.apply.guard.handle import Guard
from alembic_safe.apply.interrupts import Interrupts
from alembic_safe.apply.replicas import Replicas
from alembic_safe.apply.retrying import Tries, after, cause_of, pause, waited_in_vain
from alembic_safe.apply.runner import attempt
from alembic_safe.apply.tasks import Attempted, TargetTask
from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import Job
from alembic_safe.databases import InvalidIndex, invalid_indexes
from alembic_safe.errors import AlembicSafeError, ProjectError
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.policies import ApplyPolicy, ControlPolicy, GuardPolicy

_TICK = 0.1


def apply_section(
    workers: Workers,
    job: Job,
    tasks: Sequence[TargetTask],
    *,
    policy: ApplyPolicy,
    control: ControlPolicy,
    interrupts: Interrupts,
    reopen: Callable[[TargetTask], None],
    sink: EventSink,
    replicas: Replicas | None = None,
) -> AlembicSafeError | None:
    """Run the pending steps of `tasks`, in env.py's order; a revision that waited in vain, or was cut, again.

    Each attempt is a worker of its own, and is made only if nothing of the revision is committed, which was read
    from the database. Returns what stopped it, None when all was applied; the tasks tell how far each came.
    Raises `UnreachableError` when the truth cannot be read.
    """
    own = job.application_name
    before = {
        key: frozenset(index.oid for index in invalid_indexes(here[0].database, own))
        for key, here in _by_database(tasks).items()
    }
    guarded = policy.guard.enabled and any(map(_watched, tasks))
    guard = Guard(workers, policy.guard, control, sink) if guarded else None
    if guard is not None:
        guard.expect(next(t.target for t in tasks if _watched(t)), own)
    try:
        while True:
            if guard is not None:
                guard.begin_attempt()
            done = attempt(
                workers,
                job,
                tasks,
                policy=policy,
                guard=guard,
                interrupts=interrupts,
                reopen=reopen,
                sink=sink,
                replicas=replicas,
            )
            if not _again(done, guard, policy.guard, tasks, interrupts, sink):
                for key, here in _by_database(tasks).items():
                    _look_for_invalid(here, before[key], own)
                return done.stopped
    finally:
        if guard is not None:
            guard.close()


def _watched(task: TargetTask) -> bool:
    return bool(task.pending) and task.target.dialect == "postgresql"


def _by_database(tasks: Sequence[TargetTask]) -> dict[tuple[str, str], list[TargetTask]]:
    """The tasks of each database, in order."""
    found: dict[tuple[str, str], list[TargetTask]] = {}
    for task in tasks:
        found.setdefault((task.target.server, task.target.database), []).append(task)
    return found


def _look_for_invalid(here: Sequence[TargetTask], before: frozenset[int], own: str) -> None:
    """A run that ended well made no index INVALID: a revision may have swallowed the error that says so.

    `here` are the tasks of one database. What no step is known to have left is told of the last that ended well.
    """
    well = [task for task in here if task.finished and task.applied]
    left: dict[int, list[InvalidIndex]] = {}
    for index in invalid_indexes(well[-1].database, own) if well else ():
        known = next((task for task in here if index.oid in task.left_invalid), None)
        if known is not None or not (index.oid in before or index.busy or index.theirs):
            left.setdefault(id(known or well[-1]), []).append(index)
    for task in well:
        indexes = left.get(id(task), [])
        if indexes:
            task.outcome, task.finished = "partial", False
            task.error = _left(task, indexes)


def _left(task: TargetTask, indexes: Sequence[InvalidIndex]) -> str:
    revisions = dict.fromkeys(task.left_invalid[i.oid] for i in indexes if i.oid in task.left_invalid)
    who = f"revision {', '.join(revisions)}" if revisions else "it"
    return (
        f"{who} ended well, but left INVALID: {', '.join(i.name for i in indexes)}"
        f" (`DROP INDEX CONCURRENTLY {indexes[0].name}`, and build it again)"
    )


def _again(
    done: Attempted,
    guard: Guard | None,
    policy: GuardPolicy,
    tasks: Sequence[TargetTask],
    interrupts: Interrupts,
    sink: EventSink,
) -> bool:
    """Whether another attempt is to be made, after having waited for it; if not, the task says why."""
    task, ended = done.task, done.ended
    if task is None or ended is None or (guard is not None and guard.lost is not None):
        return False
    if not isinstance(done.stopped, ProjectError | None):
        # not the project's: our connection was lost, and with it the deploy lock, or the lock itself
        return False
    cause = cause_of(ended)
    if cause is None:
        if waited_in_vain(ended):
            task.error = ", ".join([task.error or "", *_in_the_way(guard)])
        return False
    now = time.monotonic()
    task.tries = after(task.tries, ended, now)
    stalled = guard.total if guard is not None else 0.0
    # what spreads attempts in time is no secret
    seconds = pause(task.tries, cause, policy, stalled=stalled, now=now, chance=random.random())
    if seconds is None:
        task.gave_up = _given_up(task, task.tries, guard, now)
        return False
    said = ", ".join([task.error or "", *_in_the_way(guard)])
    sink(Notice(f"revision {ended.revision}: {said}; trying again in {seconds:.1f} s"))
    if not _wait(seconds, tasks, guard, interrupts):
        why = f"interrupted by {interrupts.name}" if interrupts.count else "stopped: the guard was lost"
        task.error = f"{why} while it waited to be tried again"
        return False
    _take_back(task)
    return True


def _wait(seconds: float, tasks: Sequence[TargetTask], guard: Guard | None, interrupts: Interrupts) -> bool:
    """Wait, keeping our connections alive; False when a signal came, or the guard was lost, meanwhile."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if guard is not None:
            guard.poll()
        if interrupts.count or (guard is not None and guard.lost is not None):
            return False
        for database in {id(task.database): task.database for task in tasks}.values():
            database.ping()
        time.sleep(min(_TICK, left))
    return not interrupts.count


def _take_back(task: TargetTask) -> None:
    """Nothing stands of the attempt that failed: the task is as before it."""
    if task.applied and task.applied[-1].outcome != "committed":
        task.applied.pop()
    task.outcome, task.error, task.detail, task.way_on = None, None, "", ""


def _given_up(task: TargetTask, tries: Tries, guard: Guard | None, now: float) -> str:
    """What was given up for: "..., tried 5 times in 12 s"; who was in the way, where that was seen."""
    often = "once" if tries.failed == 1 else f"{tries.failed} times"
    said = [task.error or "", f"tried {often} in {max(0.0, now - tries.since):.0f} s"]
    return ", ".join([*said, *_in_the_way(guard)])


def _in_the_way(guard: Guard | None) -> list[str]:
    """Whom the attempt that ended waited for, where that was seen; of a cut its own words say enough."""
    if guard is None or guard.cut is not None or not guard.blockers:
        return []
    return [f"in the way ({guard.waits_for}): {'; '.join(map(str, guard.blockers))}"]
