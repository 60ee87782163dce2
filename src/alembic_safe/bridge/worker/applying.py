"""Applying: alembic's own steps, each announced, watched, and committed only on the supervisor's word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from alembic_safe.bridge.committing import CommitAwaited
from alembic_safe.bridge.composed import CallsComposed
from alembic_safe.bridge.messages import (
    EnvironmentNotice,
    Job,
    StatementBegun,
    StatementEnded,
    StatementTraced,
    StepAwaited,
    StepBegun,
    StepCommitted,
    StepFailed,
    StepReady,
    TargetFound,
)
from alembic_safe.bridge.worker import explain, graph, project_faults, session_state, targets, transactions
from alembic_safe.bridge.worker.alone import Alone
from alembic_safe.bridge.worker.capture import Recording, StatementCapture
from alembic_safe.bridge.worker.connections import POOLED_KEY
from alembic_safe.bridge.worker.link import Link
from alembic_safe.bridge.worker.locate import Locator
from alembic_safe.bridge.worker.lock_timeouts import LockTimeouts
from alembic_safe.bridge.worker.masking import mask_sql
from alembic_safe.bridge.worker.resuming import Resumption
from alembic_safe.bridge.worker.spelling import as_rendered
from alembic_safe.bridge.worker.tracers import Tracers
from alembic_safe.bridge.worker.unreached.watching import Watched
from alembic_safe.model.revisions import Revision, Statement
from alembic_safe.model.traces import Trace
from alembic_safe.quick import dataclass

_XID = "select pg_current_xact_id()::text"


@dataclass(slots=True)
class OpenStep:
    """The step that is under way."""

    target: int
    ordinal: int
    revision: Revision
    locator: Locator
    transaction: str | None = None
    split: tuple[str, ...] = ()
    mark: str | None = None
    watched: Watched | None = None


class Application:
    """The function that alembic calls for each target: a generator of steps, resumed after each commit."""

    def __init__(
        self,
        job: Job,
        link: Link,
        script: ScriptDirectory,
        capture: StatementCapture,
        watch: transactions.TransactionWatch,
        timeouts: LockTimeouts,
        resumption: Resumption,
    ) -> None:
        self._resumption = resumption
        self._job = job
        self._link = link
        self._script = script
        self._capture = capture
        self._watch = watch
        self._timeouts = timeouts
        self.found = 0
        self.open: OpenStep | None = None
        self._tracers: dict[int, Tracers] = {}
        self._alone = Alone()
        if job.redirect is None:
            watch.before_commit = self._await_commit

    def __call__(self, heads: Any, context: MigrationContext) -> Iterator[Any]:
        ordinal = self.found
        self.found += 1
        heads = tuple(sorted(heads))
        target = targets.describe(context, ordinal, self._job.section, heads)
        # reading the heads began a transaction; and env.py may have begun one after configure()
        transactions.end_open(context.connection)
        missing = graph.unknown(self._script, heads)
        try:
            todo = [] if missing else self._chosen(heads, ordinal)
        except (CommandError, AttributeError) as error:
            if self._job.redirect is None or self._job.exactly:
                raise
            # of a target a probe has told so before
            self._link.ask(TargetFound(target, (), heads, fault=self._no_range(error)))
            return
        ids = tuple(step.revision.revision for step in todo)
        self._link.ask(TargetFound(target, ids, graph.heads_after(context, heads, todo), unknown=missing))
        if self.found == 1:
            self._link.keep_sending()
        self._watch.watch_autocommit_blocks(context)
        for number, step in enumerate(todo, start=1):
            if self._job.paced:
                self._link.ask(StepAwaited(ordinal, number))
            self._prepare(context, step, ordinal, number)
            yield step
            self.open = None
            self._link.tell(StepCommitted(ordinal, number))
        if todo:
            self._look_at_session(context)

    def _chosen(self, heads: tuple[str, ...], ordinal: int) -> list[Any]:
        """The steps that are named, or those towards the destination before the one to stop at."""
        job = self._job
        if job.exactly:
            named = job.exactly[ordinal] if ordinal < len(job.exactly) else ()
            return graph.named_steps(self._script, named, job.direction)
        todo = graph.steps(self._script, heads, job.destination, job.direction)
        stop = job.stop_before[ordinal] if ordinal < len(job.stop_before) else ""
        at = next((n for n, step in enumerate(todo) if step.revision.revision == stop), len(todo))
        return todo[:at]

    def _no_range(self, error: Exception) -> str:
        return project_faults.no_range(error, self._job.destination, tuple(self._script.get_heads()))

    def _prepare(self, context: MigrationContext, step: Any, target: int, number: int) -> None:
        original: Callable[..., None] = step.migration_fn

        def body(**arguments: Any) -> None:
            revision = graph.describe(step.revision, hashed=False)
            self.open = OpenStep(target, number, revision, Locator(revision.path))
            try:
                self.open.transaction = self._begin_transaction(context)
            finally:
                # also where the connection is lost by now: then this step is what fails, and nothing of it was done
                self._link.ask(StepBegun(target, number, revision, self.open.transaction))
            self._record(context, self.open)
            self._watch.begin(context)
            self._alone.begin(target, context.connection)
            try:
                with self._resumption.of(target, revision.id):
                    original(**arguments)
            except BaseException:
                # before env.py closes its connection
                self.open.mark = self._alone.mark(target, context.connection)
                raise
            finally:
                self._watch.end()
                self._capture.recording = None
            self._compose(context, self.open)
            self._watch.mend(context)
            self._look_at_transaction(context, self.open)

        body.__name__ = original.__name__
        step.migration_fn = body

    def _begin_transaction(self, context: MigrationContext) -> str | None:
        """The id of the transaction that the step begins in; what the step before left set is set back."""
        if not _has_ids(context):
            return None
        connection: Any = context.connection
        transaction, lock_timeout, settings = _row(connection, session_state.STATE_SQL)
        if not connection.info.get(POOLED_KEY):
            session_state.set_back(connection, settings, self._say_left)
        self._timeouts.begin_step(connection, lock_timeout)
        return str(transaction)

    def _look_at_session(self, context: MigrationContext) -> None:
        """After a target's last revision: its connection may be the next target's."""
        connection: Any = context.connection
        if self._link.stopped is None and connection is not None and not connection.closed:
            self._begin_transaction(context)
            # begun by the driver, past SQLAlchemy
            connection.connection.dbapi_connection.commit()
            session_state.forget(connection)

    def _say_left(self, name: str, left: str, before: str) -> None:
        self._link.tell(
            EnvironmentNotice(
                f"a revision left {name} set to {left!r} in its session; it was set back to {before!r}",
                "Let the revision use SET LOCAL, which ends with its transaction.",
            )
        )

    def say_own_timeout(self) -> None:
        """A revision sets lock_timeout: it knows why, and ours is not put over it."""
        revision = self.open.revision.id if self.open else ""
        self._link.tell(
            EnvironmentNotice(f"revision {revision} sets lock_timeout itself, which holds until its end")
        )

    def _record(self, context: MigrationContext, step: OpenStep) -> None:
        # what commits without our word, by itself or on a connection of its own, is journalled before it goes
        def begun(statement: Statement, over: Any) -> None:
            if watched is not None:
                watched.statement(statement)
            message = StatementBegun(step.target, step.ordinal, statement)
            if statement.autocommit or statement.own_connection or self._job.ask_all:
                self._link.ask(message)
            else:
                self._link.begin_statement(message)
            if tracers is not None:
                tracers.before(statement, over)

        def ended(statement: Statement, over: Any) -> None:
            message = StatementEnded(step.target, step.ordinal, statement)
            asked = statement.autocommit or (self._job.ask_all and not statement.own_connection)
            if asked and statement.error is None:
                self._link.ask(message)
            else:
                self._link.end_statement(message)
            if tracers is not None:
                tracers.after(statement, over)

        connection: Any = context.connection
        tracers = self._tracing(step)
        # a clone may lack the rows that would have the revision say more
        watched = step.watched = self._watched(step)
        text = self._spelling(context)
        if tracers is not None:
            tracers.begin_step(connection)
        self._capture.recording = Recording(step.locator, connection, begun, ended, text)

    def _watched(self, step: OpenStep) -> Watched | None:
        return Watched.of(step.locator, self._job.direction) if self._job.redirect is not None else None

    def _spelling(self, context: MigrationContext) -> Callable[[str], str]:
        """How statements are told: for judging as they are, else without their literals."""
        return partial(as_rendered, style=context.dialect.paramstyle) if self._job.with_values else mask_sql

    def _compose(self, context: MigrationContext, step: OpenStep) -> None:
        """Tell what calls of the revision would have sent, which rows would have led to."""
        watched, step.watched = step.watched, None
        if watched is not None:
            each = watched.end(context.dialect, self._spelling(context))
            if each:
                self._link.tell_later(CallsComposed(step.target, step.ordinal, each))

    def _tracing(self, step: OpenStep) -> Tracers | None:
        """Those of the step's target, which remember what the steps before left."""
        if not self._job.trace:
            return None

        def tell(trace: Trace) -> None:
            self._link.tell_later(StatementTraced(step.target, step.ordinal, trace))

        tracers = self._tracers.setdefault(step.target, Tracers(tell, self._job.trace_beside))
        tracers.tell = tell
        return tracers

    def _look_at_transaction(self, context: MigrationContext, step: OpenStep) -> None:
        """Whether the transaction is the one the step began in, before the version row goes into it.

        Raises `TransactionLostError` for one that was rolled back behind SQLAlchemy's back.
        """
        began = step.transaction
        step.transaction = _transaction(context)
        if began is not None and step.transaction != began and not self._watch.split:
            became = _what_became(context, began)
            if became == "aborted":
                raise transactions.TransactionLostError(transactions.ROLLED_BACK)
            self._watch.split.append(became)
        step.split = tuple(dict.fromkeys(self._watch.split))

    def _await_commit(self, context: MigrationContext) -> None:
        """Have what is about to be committed without a version row written down first."""
        step = self.open
        transaction = _transaction_if_sound(context) if step is not None else None
        if step is not None and transaction is not None:
            self._link.ask(CommitAwaited(step.target, step.ordinal, transaction))

    def on_version_apply(self, *, ctx: MigrationContext, heads: set[str], **_: Any) -> None:
        """alembic's callback: the version row is written, nothing is committed."""
        step = self.open
        if step is not None:
            rows = tuple(sorted(heads))
            # a transaction left alone is journalled already, and the word for its commit is not waited for
            send = self._link.ask if step.split or self._job.ask_all else self._link.tell_or_stop
            send(StepReady(step.target, step.ordinal, step.transaction, rows, step.split))

    def report_failure(self, error: BaseException) -> None:
        """Tell of an exception that ended the step under way; nothing when there is none."""
        step, self.open = self.open, None
        if step is not None:
            error = explain.origin(error)
            self._link.tell(
                StepFailed(
                    step.target,
                    step.ordinal,
                    explain.describe(error),
                    explain.detail(error),
                    step.locator.of(error),
                    explain.sqlstate(error),
                    tuple(dict.fromkeys(self._watch.split)),
                    explain.connection_lost(error),
                    step.mark,
                )
            )


def _has_ids(context: MigrationContext) -> bool:
    return context.dialect.name == "postgresql" and bool(context.impl.transactional_ddl)


def _transaction(context: MigrationContext) -> str | None:
    """The open transaction's xid8, which pg_xact_status settles whatever happens to us (PostgreSQL 13+)."""
    return str(_row(context.connection, _XID)[0]) if _has_ids(context) else None


def _transaction_if_sound(context: MigrationContext) -> str | None:
    """As `_transaction`; None where the transaction is aborted, so that its COMMIT commits nothing."""
    if not _has_ids(context):
        return None
    connection: Any = context.connection
    try:
        cursor = connection.connection.dbapi_connection.cursor()
        cursor.execute(_XID)
        found = cursor.fetchone()
        cursor.close()
    except Exception:
        return None
    return str(found[0])


def _row(connection: Any, sql: str) -> Any:
    try:
        # SQLAlchemy would take as long as the server over a query that needs nothing of it, twice a step
        cursor = connection.connection.dbapi_connection.cursor()
        cursor.execute(sql)
        found = cursor.fetchone()
        cursor.close()
    except Exception:
        # an aborted transaction or a lost connection: let SQLAlchemy say it in its own words
        found = connection.exec_driver_sql(sql).one()
    return found


def _what_became(context: MigrationContext, transaction: str) -> str:
    connection: Any = context.connection
    status = connection.exec_driver_sql(f"select pg_xact_status('{int(transaction)}'::xid8)").scalar()
    return "driver commit" if status == "committed" else str(status)
