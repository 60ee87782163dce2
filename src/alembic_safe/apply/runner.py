"""One attempt: drives a worker that applies, gives the word before each step and each commit, proves each commit.

Whether a step took effect is read from the database when its session is gone, never inferred from an
exception. One execution of env.py may run the steps of several targets, one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from alembic_safe.apply.ending import Ending, end_sessions
from alembic_safe.apply.guard.handle import Guard, describe_cut
from alembic_safe.apply.interrupts import Interrupts
from alembic_safe.apply.replicas import Replicas
from alembic_safe.apply.retrying import STATEMENT_TRIES, Ended
from alembic_safe.apply.stepping import Steps
from alembic_safe.apply.tasks import Attempted, TargetTask
from alembic_safe.bridge import Workers
from alembic_safe.bridge.committing import CommitAwaited
from alembic_safe.bridge.messages import (
    HALF_DETACHED,
    LOST_HINT,
    EnvironmentNotice,
    Failed,
    Finished,
    Job,
    Message,
    StatementBegun,
    StatementEnded,
    StatementStuck,
    StepAwaited,
    StepBegun,
    StepCommitted,
    StepFailed,
    StepReady,
    TargetFound,
)
from alembic_safe.errors import AlembicSafeError, GaveUpError, ProjectError, UnreachableError
from alembic_safe.journal import SparedJournal
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.policies import ApplyPolicy
from alembic_safe.model.targets import Target


def attempt(
    workers: Workers,
    job: Job,
    tasks: Sequence[TargetTask],
    *,
    policy: ApplyPolicy,
    guard: Guard | None,
    interrupts: Interrupts,
    reopen: Callable[[TargetTask], None],
    sink: EventSink,
    replicas: Replicas | None = None,
) -> Attempted:
    """Execute env.py once and run the pending steps of `tasks`, in env.py's order.

    The tasks tell how far each came. `reopen` gives a task a new control connection after its own was lost.
    `replicas` are waited for before each step of a paced job.
    Raises `UnreachableError` when the truth cannot be read.
    """
    worker = workers.start()
    run = _SectionRun(tasks, job.application_name, guard, interrupts, policy.guard.retry_deadline, sink)
    ending = Ending(worker, policy.grace, interrupts, job.application_name, run.current, guard)
    run.tick = ending.tick
    stopped: AlembicSafeError | None = None
    run.replicas = replicas
    try:
        worker.give(job)
        for message in worker.messages(ending.tick):
            ending.see(message)
            if run.take(message):
                ending.tick()
                if why := run.why_stop():
                    worker.stop(why)
                elif run.again is not None:
                    worker.again(run.again)
                else:
                    worker.proceed()
                run.write_ended()
    except AlembicSafeError as error:
        stopped = error
    finally:
        worker.kill()
        worker.close()
    if isinstance(stopped, UnreachableError):
        for task in tasks:
            reopen(task)
    for database in {id(task.database): task.database for task in tasks}.values():
        end_sessions(database, job.application_name)
    if guard is not None:
        guard.poll()
    return Attempted(run.conclude(stopped), run.failed_task, run.ended)


class _SectionRun:
    """Takes the worker's messages to the steps of the target they are about."""

    def __init__(
        self,
        tasks: Sequence[TargetTask],
        application_name: str,
        guard: Guard | None,
        interrupts: Interrupts,
        retry_deadline: float,
        sink: EventSink,
    ) -> None:
        self._tasks = tasks
        self._retry_deadline = retry_deadline
        self._application_name = application_name
        self._guard = guard
        self._interrupts = interrupts
        self._sink = sink
        self._before = {id(task): list(task.applied) for task in tasks}
        # how often the statement that commits by itself got stuck
        self._stuck = 0
        # what a worker with a stuck statement is to run now; None lets it fail
        self.again: str | None = None
        self.tick: Callable[[], None] = lambda: None
        self.failed_task: TargetTask | None = None
        self.ended: Ended | None = None
        self._steps: dict[int, Steps] = {}
        self._failed: Failed | None = None
        self.error: AlembicSafeError | None = None
        self._current: TargetTask | None = None
        self.replicas: Replicas | None = None

    def _pace(self) -> None:
        task, replicas = self._current, self.replicas
        if task is None or replicas is None:
            return

        def go_on() -> bool:
            self.tick()
            return not self.why_stop()

        try:
            replicas.wait(task.database, go_on)
        except GaveUpError as error:
            self.error = error

    def current(self) -> TargetTask | None:
        """The task whose steps are running."""
        return self._current

    def why_stop(self) -> str:
        """Why the worker does not get the word to go on; "" when it does."""
        if self.error is not None:
            return self.error.message
        if self._guard is not None and self._guard.lost is not None:
            return "the guard is lost"
        if self._guard is not None and self._guard.cut is not None:
            return describe_cut(self._guard.cut)
        return f"interrupted by {self._interrupts.name}" if self._interrupts.count else ""

    def take(self, message: Message) -> bool:
        """Handle one message; True when the worker waits for the word."""
        self.again = None
        if isinstance(message, TargetFound):
            self._target_found(message)
            return True
        if isinstance(message, EnvironmentNotice):
            self._sink(Notice(message.message, message.hint))
        elif isinstance(message, StepAwaited):
            self._pace()
            return True
        elif isinstance(message, StepBegun):
            self._steps[message.target].begin(message)
            if self._guard is not None:
                self._guard.begin_step((message.target, message.revision.id))
            return True
        elif isinstance(message, StatementBegun):
            self._steps[message.target].statement_begun(message)
            if message.statement.autocommit:
                self._stuck = 0
            return message.statement.autocommit or message.statement.own_connection
        elif isinstance(message, StatementEnded):
            self._steps[message.target].statement_ended(message)
            if self._guard is not None:
                self._guard.waited_no_more()
            return message.statement.autocommit and message.statement.error is None
        elif isinstance(message, StatementStuck):
            self.again = self._try_again(message)
            return True
        elif isinstance(message, CommitAwaited):
            self._steps[message.target].commit_awaited(message)
            return True
        elif isinstance(message, StepReady):
            self._steps[message.target].ready(message)
            return bool(message.split)
        elif isinstance(message, StepCommitted):
            self._committed(message)
        elif isinstance(message, StepFailed):
            self._steps[message.target].failed(message)
        elif isinstance(message, Failed):
            self._failed = message
        elif isinstance(message, Finished) and message.threads:
            self._sink(
                Notice(
                    f"the project left threads running when env.py had ended: {', '.join(message.threads)}"
                )
            )
        return False

    def _try_again(self, message: StatementStuck) -> str | None:
        """Clean up after a concurrent statement and wait a little; what to run then, None to let it fail."""
        steps = next((s for s in self._steps.values() if s.open is not None), None)
        debris = steps.debris if steps is not None else None
        self.tick()
        self._stuck += 1
        if debris is None or self._stuck >= STATEMENT_TRIES or self.why_stop():
            return None
        another = debris.next_try()
        if message.sqlstate == HALF_DETACHED and not another:
            return None  # something else is not as the statement needs it
        deadline = time.monotonic() + self._retry_deadline
        # dropping waits for the very transactions that the statement waited for
        while not (another or debris.goes_on() or debris.clean()):
            self._pause(0.5)
            if self.why_stop() or time.monotonic() > deadline:
                return None
        self._sink(Notice(f"a concurrent statement is run again: {message.message}"))
        self._pause(0.5 * self._stuck)
        return another

    def _pause(self, seconds: float) -> None:
        """Wait, and hear signals and the guard meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.why_stop():
            self.tick()
            time.sleep(0.05)

    def _target_found(self, message: TargetFound) -> None:
        task = self._match(message.target)
        if task is None or (task.left, task.expected_heads) != (message.pending, message.expected_heads):
            self.error = ProjectError(
                f"env.py configured other work than when it was asked before: {message.target.label}"
                f" with {len(message.pending)} pending revisions",
                hint="Does env.py depend on time, chance, or on what another process writes? Nothing was applied.",
            )
            return
        self._current = task
        if self._guard is not None and message.pending and task.target.dialect == "postgresql":
            self._guard.watch(task.target, self._application_name, self.tick)
        before = self._before[id(task)]
        self._steps[message.target.ordinal] = steps = Steps(
            replace(task.target, heads=task.heads) if before or task.tries else task.target,
            task.run,
            task.direction,
            task.pending,
            task.database,
            task.journal,
            task.durations,
            self._sink,
            self._application_name,
        )
        steps.left_invalid = task.left_invalid
        if self._guard is not None:
            steps.waited = self._guard.waited
        steps.applied = task.applied = before
        steps.go_on(task.tries)

    def _match(self, found: Target) -> TargetTask | None:
        """The task of the target that env.py configures now: same server, same version table."""
        for task in self._tasks:
            same = (task.target.server, task.target.database, task.target.version_table) == (
                found.server,
                found.database,
                found.version_table,
            )
            if same and task.target.ordinal == found.ordinal:
                return task
        return None

    def _committed(self, message: StepCommitted) -> None:
        steps = self._steps[message.target]
        revision = steps.open.revision.id if steps.open else ""
        if not steps.committed():
            self.error = ProjectError(
                f"revision {revision} ended without an error, but its version row is not in the database",
                hint="Does env.py or the revision handle the transaction itself? See `alembic-safe status`.",
            )

    def write_ended(self) -> None:
        """Journal the ends of steps while the worker is at work again."""
        for steps in self._steps.values():
            steps.write_ended()

    def conclude(self, stopped: AlembicSafeError | None) -> AlembicSafeError | None:
        """Settle what is open, read every target's version back, and say what stopped the section."""
        for ordinal, steps in self._steps.items():
            task = next(t for t in self._tasks if t.target.ordinal == ordinal)
            spared = SparedJournal(task.journal)
            steps.database, steps.journal = task.database, spared
            steps.write_ended()
            failure = steps.open.failure if steps.open else None
            why = self._why(failure, stopped)
            if steps.open is not None:
                self._settle(task, steps, failure, why)
            if spared.fault:
                task.journal_fault = spared.fault
                self.ended = None  # without a journal nothing is tried again
        for task in self._tasks:
            task.heads = tuple(sorted(task.database.read_heads(task.target.version_table) or ()))
            task.finished = task.heads == task.expected_heads and task.outcome in {None, "committed"}
        return self._stopped_by(stopped)

    def _settle(self, task: TargetTask, steps: Steps, failure: StepFailed | None, why: str) -> None:
        """Read what became of the open step."""
        assert steps.open is not None
        revision = steps.open.revision.id
        task.outcome = steps.settle(why)
        task.way_on = (
            LOST_HINT if task.outcome == "rolled_back" and failure and failure.lost else steps.way_on
        )
        task.counter = steps.counter if steps.counter is not None else task.counter
        task.mark = failure.mark if failure else None
        task.error = why
        task.detail = failure.detail if failure else ""
        if failure and failure.source:
            task.error = f"{why} ({failure.source.file}:{failure.source.line})"
        if task.outcome is not None and not self._interrupts.count and self.error is None:
            guard = self._guard if self._guard is not None and self._guard.lost is None else None
            cut = guard.cut if guard is not None else None
            self.failed_task = task
            self.ended = Ended(
                revision,
                task.outcome,
                failure.sqlstate if failure else None,
                failure.message if failure else "",
                cut.reason if cut else None,
                withdrawn=guard is not None and guard.withdrawn,
            )

    def _why(self, failure: StepFailed | None, stopped: AlembicSafeError | None) -> str:
        if self._interrupts.count:
            return f"interrupted by {self._interrupts.name}"
        if self.error is not None:
            return self.error.message
        if self._guard is not None and self._guard.lost is not None:
            return f"the guard is lost ({self._guard.lost}), and without it nothing is run"
        if self._guard is not None and self._guard.cut is not None:
            how = "stopped" if self._guard.withdrawn else "cut by the guard"
            return f"{how}: {describe_cut(self._guard.cut)}"
        if failure is not None:
            return failure.message
        return stopped.message if stopped is not None else "ended without a word"

    def _stopped_by(self, stopped: AlembicSafeError | None) -> AlembicSafeError | None:
        if self.error is not None:
            return self.error
        if stopped is not None:
            return stopped
        if self._failed is not None:
            # where a step failed, what became of it was read: this is only how it ended
            lost = self._failed.kind == "UnreachableError" and self.ended is None
            return (UnreachableError if lost else ProjectError)(
                self._failed.message, hint=self._failed.hint, detail=self._failed.detail or None
            )
        return None
