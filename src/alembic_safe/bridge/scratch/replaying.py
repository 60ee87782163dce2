"""One replay: a worker runs revisions on clones, and every statement is written down with its line.

The same worker that upgrades a target, with its rules of transactions; only its connections lead elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import field, replace
from typing import Literal

from alembic_safe.bridge.composed import CallsComposed
from alembic_safe.bridge.launcher import Workers
from alembic_safe.bridge.messages import (
    CloneWanted,
    EnvironmentNotice,
    Failed,
    Job,
    Message,
    StatementBegun,
    StatementEnded,
    StatementStuck,
    StatementTraced,
    StepBegun,
    StepCommitted,
    StepFailed,
    StepReady,
    TargetFound,
)
from alembic_safe.bridge.scratch.observing import Observer
from alembic_safe.bridge.worker_handle import Worker
from alembic_safe.errors import WorkerError
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.revisions import Composed, Direction, Revision, RevisionListing, Source, Statement
from alembic_safe.model.scratch import Redirect
from alembic_safe.quick import dataclass

_ENOUGH = "enough was run"
# nothing waits for rows or for other sessions on a scratch, so that what takes this long waits for ever
STEP_SECONDS = 120.0

Kind = Literal["environment", "revision", "after", "stuck", "range", "unknown"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a replay did not come to its end. `revision` None: none was under way.

    `kind` "environment": env.py came to no target; "after": it failed between or after revisions; "stuck": it was
    ended, since it took too long; "range": this checkout has no such revisions, or no way between them; "unknown": the
    clone's version rows are of no revision of this checkout.
    """

    message: str
    revision: str | None = None
    source: Source | None = None
    sqlstate: str | None = None
    hint: str = ""
    kind: Kind = "revision"


@dataclass(frozen=True, slots=True)
class ReplayedTarget:
    """One target of env.py as it ran on a clone: its steps in order, the committed ones first.

    `heads` are the version rows that stand on the clone now; `listings` hold what each step executed, with times
    and rows. That of a step which failed says so in `not_inspectable`.
    """

    found: TargetFound
    listings: tuple[RevisionListing, ...]
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did. `wanted` are databases that the project asked for and no clone stands for."""

    targets: tuple[ReplayedTarget, ...]
    fault: Fault | None
    wanted: tuple[CloneWanted, ...]
    notices: tuple[str, ...]
    seconds: float

    @property
    def steps(self) -> int:
        """How many steps were committed."""
        return sum(one.not_inspectable is None for target in self.targets for one in target.listings)


def replay(
    workers: Workers,
    job: Job,
    redirect: Redirect,
    *,
    sink: EventSink,
    tick: Callable[[], None],
    observer: Observer | None = None,
    step_seconds: float | None = STEP_SECONDS,
) -> Replayed:
    """Run what `job` says (section, destination, direction) on the clones of `redirect`, whatever env.py names.

    A fault of the project is part of what is returned. Raises what `tick` and `observer` raise, the worker being
    ended then; and `WorkerError` where no process can be had. A step that takes longer than `step_seconds` is ended.
    """
    job = replace(job, mode="apply", redirect=redirect)
    seen = _Seen(observer or Observer(), sink, job.direction, job.ask_all)
    began = time.monotonic()

    def watch() -> None:
        tick()
        if step_seconds and seen.clock and time.monotonic() - seen.clock > step_seconds:
            seen.fault = Fault(f"it took longer than {step_seconds:g} s there", seen.revision, kind="stuck")
            worker.kill()

    worker = workers.start()
    try:
        worker.give(job)
        for message in worker.messages(watch):
            seen.take(worker, message)
    except WorkerError as error:
        seen.fault = seen.fault or Fault(error.message, seen.revision, hint=error.hint, kind=seen.kind)
        seen.end_open()
    finally:
        worker.kill()
        worker.close()
    return seen.replayed(time.monotonic() - began)


@dataclass(slots=True)
class _Open:
    """The step under way."""

    target: int
    revision: Revision
    statements: dict[int, Statement] = field(default_factory=dict)
    heads: tuple[str, ...] = ()
    composed: tuple[Composed, ...] = ()


@dataclass(slots=True)
class _Target:
    found: TargetFound
    listings: list[RevisionListing] = field(default_factory=list)
    heads: tuple[str, ...] = ()


@dataclass(slots=True)
class _Seen:
    """What one worker has said by now. `clock` is when the step under way began, 0 when there is none."""

    observer: Observer
    sink: EventSink
    direction: Direction
    asks: bool
    targets: list[_Target] = field(default_factory=list)
    open: _Open | None = None
    fault: Fault | None = None
    wanted: list[CloneWanted] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    clock: float = 0.0

    @property
    def revision(self) -> str | None:
        return self.open.revision.id if self.open else None

    @property
    def kind(self) -> Kind:
        """What a fault would be now."""
        if self.open is not None:
            return "revision"
        return "after" if self.targets else "environment"

    def take(self, worker: Worker, message: Message) -> None:
        """One message, answered where the worker waits for it."""
        if isinstance(message, TargetFound):
            self.targets.append(_Target(message, heads=message.target.heads or ()))
            self._look_at_range(message)
            self.observer.target_found(message)
            worker.proceed()
        elif isinstance(message, StepBegun):
            self._begin(worker, message)
        elif isinstance(message, StatementBegun | StatementEnded):
            self._statement(worker, message)
        elif isinstance(message, StatementStuck):
            worker.proceed()  # on a scratch there is nobody whose end another try would wait for
        elif isinstance(message, StatementTraced):
            self.observer.statement_traced(message)
        elif isinstance(message, CallsComposed):
            if self.open is not None:
                self.open.composed = message.each
        elif isinstance(message, StepReady):
            if self.open is not None:
                self.open.heads = message.heads
            self.observer.step_ready(message)
            # not waited for unless the revision split its transaction, or all is asked; else a word too many
            # would be taken for the answer to the next question
            if message.split or self.asks:
                worker.proceed()
        elif isinstance(message, StepCommitted):
            self._commit(message)
        elif isinstance(message, StepFailed):
            self._fail(message)
        elif isinstance(message, CloneWanted):
            self.wanted.append(message)
        elif isinstance(message, EnvironmentNotice):
            self.notices.append(message.message)
            self.sink(Notice(message.message, message.hint))
        elif isinstance(message, Failed):
            self._failed(message)

    def _look_at_range(self, message: TargetFound) -> None:
        if message.fault and self.fault is None:
            self.fault = Fault(message.fault, kind="range")
        elif message.unknown and self.fault is None:
            rows = ", ".join(message.unknown)
            said = f"the clone is at revision {rows}, which this checkout does not have"
            self.fault = Fault(said, kind="unknown")

    def _begin(self, worker: Worker, message: StepBegun) -> None:
        if self.observer.enough():
            worker.stop(_ENOUGH)
            return
        self.open = _Open(message.target, message.revision)
        self.clock = time.monotonic()
        self.observer.step_begun(message)
        worker.proceed()

    def _statement(self, worker: Worker, message: StatementBegun | StatementEnded) -> None:
        statement = message.statement
        if self.open is not None:
            self.open.statements[statement.ordinal] = statement
        waits = statement.autocommit or (self.asks and not statement.own_connection)
        if isinstance(message, StatementBegun):
            self.observer.statement_begun(message)
            waits = waits or statement.own_connection
        else:
            self.observer.statement_ended(message)
            waits = waits and statement.error is None
        if waits:
            worker.proceed()

    def _commit(self, message: StepCommitted) -> None:
        if self.open is not None:
            self.targets[self.open.target].heads = self.open.heads
            self._list(self.open, None, None)
        self.open, self.clock = None, 0.0
        self.observer.step_committed(message)

    def _fail(self, message: StepFailed) -> None:
        if self.open is None:
            return
        self.observer.step_failed(message)
        self.fault = Fault(message.message, self.open.revision.id, message.source, message.sqlstate)
        self._list(self.open, message.message, message.source)
        self.open, self.clock = None, 0.0

    def _failed(self, message: Failed) -> None:
        if self.fault is None and message.message != f"stopped: {_ENOUGH}":
            self.fault = Fault(message.message, self.revision, hint=message.hint, kind=self.kind)
        self.end_open()

    def end_open(self) -> None:
        """A step that nobody said the end of."""
        if self.open is not None:
            self._list(self.open, self.fault.message if self.fault else "it did not end", None)
            self.open = None

    def _list(self, step: _Open, why: str | None, at: Source | None) -> None:
        statements = tuple(step.statements[number] for number in sorted(step.statements))
        listing = RevisionListing(step.revision, self.direction, statements, why, at, composed=step.composed)
        self.targets[step.target].listings.append(listing)

    def replayed(self, seconds: float) -> Replayed:
        targets = tuple(ReplayedTarget(one.found, tuple(one.listings), one.heads) for one in self.targets)
        return Replayed(targets, self.fault, tuple(self.wanted), tuple(dict.fromkeys(self.notices)), seconds)
