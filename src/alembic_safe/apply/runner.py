"""Drives one worker that applies: gives the word before each step and each commit, and proves each commit.

Whether a step took effect is read from the database when its session is gone, never inferred from an
exception. One execution of env.py may run the steps of several targets, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from alembic_safe.apply.ending import Ending, end_sessions
from alembic_safe.apply.interrupts import Interrupts
from alembic_safe.apply.stepping import Steps
from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import (
    EnvironmentNotice,
    Failed,
    Finished,
    Job,
    Message,
    StatementBegun,
    StatementEnded,
    StepBegun,
    StepCommitted,
    StepFailed,
    StepReady,
    TargetFound,
)
from alembic_safe.errors import AlembicSafeError, ProjectError, UnreachableError
from alembic_safe.journal import Journal
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.policies import ApplyPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.results import AppliedStep
from alembic_safe.model.revisions import Direction
from alembic_safe.model.runs import StepOutcome
from alembic_safe.model.targets import Target


@dataclass(slots=True)
class TargetTask:
    """What is to be done on one target, and then what was done.

    `outcome` is of the step that did not end well, None when every step that began is committed. `error` says
    why the target did not come to its end.
    """

    target: Target
    run: str
    pending: tuple[str, ...]
    expected_heads: tuple[str, ...]
    direction: Direction
    database: Database
    journal: Journal
    durations: Mapping[str, float]
    applied: list[AppliedStep] = field(default_factory=list)
    heads: tuple[str, ...] = ()
    outcome: StepOutcome | None = None
    error: str | None = None
    detail: str = ""
    finished: bool = False


def apply_section(
    workers: Workers,
    job: Job,
    tasks: Sequence[TargetTask],
    *,
    policy: ApplyPolicy,
    interrupts: Interrupts,
    reopen: Callable[[TargetTask], None],
    sink: EventSink,
) -> AlembicSafeError | None:
    """Execute env.py once and run the pending steps of `tasks`, in env.py's order.

    Returns what stopped it, None when all was applied; the tasks tell how far each came. `reopen` gives a task
    a new control connection after its own was lost. Raises `UnreachableError` when the truth cannot be read.
    """
    run = _SectionRun(tasks, interrupts, sink)
    worker = workers.start()
    ending = Ending(worker, policy.grace, interrupts, job.application_name, run.current)
    stopped: AlembicSafeError | None = None
    try:
        worker.give(job)
        for message in worker.messages(ending.tick):
            ending.see(message)
            if run.take(message):
                if interrupts.count or run.error is not None:
                    worker.stop(run.error.message if run.error else f"interrupted by {interrupts.name}")
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
    return run.conclude(stopped)


class _SectionRun:
    """Takes the worker's messages to the steps of the target they are about."""

    def __init__(self, tasks: Sequence[TargetTask], interrupts: Interrupts, sink: EventSink) -> None:
        self._tasks = tasks
        self._interrupts = interrupts
        self._sink = sink
        self._steps: dict[int, Steps] = {}
        self._failed: Failed | None = None
        self.error: AlembicSafeError | None = None
        self._current: TargetTask | None = None

    def current(self) -> TargetTask | None:
        """The task whose steps are running."""
        return self._current

    def take(self, message: Message) -> bool:
        """Handle one message; True when the worker waits for the word."""
        if isinstance(message, TargetFound):
            self._target_found(message)
            return True
        if isinstance(message, EnvironmentNotice):
            self._sink(Notice(message.message, message.hint))
        elif isinstance(message, StepBegun):
            self._steps[message.target].begin(message)
            return True
        elif isinstance(message, StatementBegun):
            self._steps[message.target].statement_begun(message)
            return message.statement.autocommit
        elif isinstance(message, StatementEnded):
            self._steps[message.target].statement_ended(message)
            return message.statement.autocommit and message.statement.error is None
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

    def _target_found(self, message: TargetFound) -> None:
        task = self._match(message.target)
        if task is None or (task.pending, task.expected_heads) != (message.pending, message.expected_heads):
            self.error = ProjectError(
                f"env.py configured other work than when it was asked before: {message.target.label}"
                f" with {len(message.pending)} pending revisions",
                hint="Does env.py depend on time, chance, or on what another process writes? Nothing was applied.",
            )
            return
        self._current = task
        self._steps[message.target.ordinal] = Steps(
            task.target,
            task.run,
            task.direction,
            task.pending,
            task.database,
            task.journal,
            task.durations,
            self._sink,
        )
        task.applied = self._steps[message.target.ordinal].applied

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
            steps.database, steps.journal = task.database, task.journal
            steps.write_ended()
            failure = steps.open.failure if steps.open else None
            why = self._why(failure, stopped)
            if steps.open is not None:
                task.outcome = steps.settle(why)
                task.error = why
                task.detail = failure.detail if failure else ""
                if failure and failure.source:
                    task.error = f"{why} ({failure.source.file}:{failure.source.line})"
        for task in self._tasks:
            task.heads = tuple(sorted(task.database.read_heads(task.target.version_table) or ()))
            task.finished = task.heads == task.expected_heads and task.outcome in {None, "committed"}
        return self._stopped_by(stopped)

    def _why(self, failure: StepFailed | None, stopped: AlembicSafeError | None) -> str:
        if self._interrupts.count:
            return f"interrupted by {self._interrupts.name}"
        if self.error is not None:
            return self.error.message
        if failure is not None:
            return failure.message
        return stopped.message if stopped is not None else "ended without a word"

    def _stopped_by(self, stopped: AlembicSafeError | None) -> AlembicSafeError | None:
        if self.error is not None:
            return self.error
        if stopped is not None:
            return stopped
        if self._failed is not None:
            return ProjectError(
                self._failed.message, hint=self._failed.hint, detail=self._failed.detail or None
            )
        return None
