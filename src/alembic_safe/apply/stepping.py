"""The steps of one target while they run: journalled before they begin, proven after they commit."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from alembic_safe.apply.debris import Debris, is_concurrent, way_on
from alembic_safe.apply.retrying import Tries
from alembic_safe.apply.settling import Evidence, did_anything, rest_of, settle
from alembic_safe.bridge.committing import CommitAwaited
from alembic_safe.bridge.messages import (
    StatementBegun,
    StatementEnded,
    StepBegun,
    StepFailed,
    StepReady,
)
from alembic_safe.databases import invalid_indexes
from alembic_safe.journal import Journal
from alembic_safe.model.events import EventSink, StatementBegan, StepBegan, StepEnded
from alembic_safe.model.events import StatementEnded as StatementEndedEvent
from alembic_safe.model.protocols import Database
from alembic_safe.model.results import AppliedStep
from alembic_safe.model.revisions import Direction, Revision, Statement
from alembic_safe.model.runs import NOTHING_HELD, StatementOutcome, StatementRecord, StepOutcome, StepRecord
from alembic_safe.model.targets import Target
from alembic_safe.quick import dataclass


@dataclass(slots=True)
class _Open:
    """The step under way. `starts` holds each statement's beginning."""

    ordinal: int
    revision: Revision
    transaction: str | None
    clock: float
    before: tuple[str, ...]
    counter: int | None
    record: StepRecord
    written: bool = False
    expected: tuple[str, ...] | None = None
    left: tuple[str, ...] = ()
    statements: dict[int, Statement] = field(default_factory=dict)
    starts: dict[int, datetime] = field(default_factory=dict)
    failure: StepFailed | None = None
    # of statements in alembic's transaction: what became of the transaction that each was in, once it was ended
    # without a version row
    ended: dict[int, StatementOutcome] = field(default_factory=dict)
    # the transaction whose commit was announced last, and those in it
    announced: tuple[int, ...] = ()
    last: str | None = None
    # the transaction that was about to commit with the version row
    ready: str | None = None


class Steps:
    """Follows one target's steps. Every method may raise `UnreachableError`."""

    def __init__(
        self,
        target: Target,
        run: str,
        direction: Direction,
        pending: tuple[str, ...],
        database: Database,
        journal: Journal,
        expected_durations: Mapping[str, float],
        sink: EventSink,
        own: str,
    ) -> None:
        """`own` is the application_name of the run's sessions."""
        self._target = target
        self._run = run
        self._direction: Direction = direction
        self._pending = pending
        self.database = database
        self.journal = journal
        self._durations = expected_durations
        self._sink = sink
        self.applied: list[AppliedStep] = []
        self.open: _Open | None = None
        # of the concurrent statement that began last
        self.debris: Debris | None = None
        # of every one of the open step; and by the oid of an index, the revision that left it INVALID and ended well
        self._concurrent: list[Debris] = []
        self.left_invalid: dict[int, str] = {}
        # for how long the attempts at the open step have waited for locks
        self.waited: Callable[[], float] = lambda: 0.0
        # what to do about a step that settled as partial, where that is known
        self.way_on = ""
        self._own = own
        self._unwritten: Callable[[], None] | None = None
        # the database's change counter when the first step began
        self.counter: int | None = None
        self.heads = target.heads or ()
        self._offset = 0
        self._tries: Tries | None = None

    def go_on(self, tries: Tries | None) -> None:
        """Count on from what earlier attempts applied; `tries` are those at the revision that failed."""
        self._offset, self._tries = len(self.applied), tries

    def begin(self, message: StepBegun) -> None:
        """Journal the step before its first statement."""
        revision = message.revision
        # what a later run compares if this one is killed: the server's transaction, or SQLite's file
        mark = message.transaction or self.database.change_mark()
        ordinal = message.step + self._offset
        tries = self._tries
        attempts = 1 + (tries.failed if tries is not None and tries.revision == revision.id else 0)
        self.debris, self._concurrent = None, []
        text, checksum = _text(revision)
        record = StepRecord(
            run=self._run,
            ordinal=ordinal,
            revision=revision.id,
            direction=self._direction,
            began=_now(),
            checksum=checksum,
            text=text,
            transaction=mark,
            attempts=attempts,
        )
        self.open = _Open(
            ordinal,
            revision,
            message.transaction,
            time.monotonic(),
            self.heads,
            self.database.change_counter(),
            record,
        )
        if ordinal == 1:
            self.counter = self.open.counter
        self.journal.begin_step(record)
        self.open.written = True
        self._sink(
            StepBegan(
                self._target.label,
                revision.id,
                revision.message,
                self._direction,
                ordinal,
                len(self._pending),
                self._durations.get(revision.id),
            )
        )

    def write_ended(self) -> None:
        """Journal the end of the step before, which waits until the worker has the word for the next.

        What a kill in between leaves open is known to be committed: a step begins only after that was read.
        """
        write, self._unwritten = self._unwritten, None
        if write is not None:
            write()

    def statement_begun(self, message: StatementBegun) -> None:
        step, statement = self._step(), message.statement
        step.statements[statement.ordinal] = statement
        step.starts[statement.ordinal] = _now()
        if statement.autocommit:
            self.journal.begin_statement(self._record(step, statement))
        elif statement.own_connection and did_anything([statement]):
            # when its transaction ends nobody says: not known is what a kill leaves
            self.journal.begin_statement(replace(self._record(step, statement), outcome="unknown"))
        if is_concurrent(statement):
            self.debris = Debris(self.database, statement, self._sink, self._own)
            self.debris.look_before()
            self._concurrent.append(self.debris)
        self._sink(StatementBegan(self._target.label, step.revision.id, statement))

    def statement_ended(self, message: StatementEnded) -> None:
        step, statement = self._step(), message.statement
        step.statements[statement.ordinal] = statement
        step.starts.setdefault(statement.ordinal, _now() - timedelta(seconds=statement.duration or 0.0))
        if statement.autocommit or (statement.own_connection and statement.error):
            self.journal.end_statement(
                self._run,
                step.ordinal,
                statement.ordinal,
                outcome="failed" if statement.error else "done",
                duration=statement.duration,
                rows=statement.rows,
                error=statement.error,
            )
        self._sink(StatementEndedEvent(self._target.label, step.revision.id, statement))

    def commit_awaited(self, message: CommitAwaited) -> None:
        """Journal a transaction that is about to commit without its version row, with what it holds.

        The transaction first: rows that are missing are not taken for committed, and rows under an older one would be.
        """
        step = self._step()
        self._settle_announced(step)
        held = [
            one
            for one in step.statements.values()
            if not (one.autocommit or one.own_connection or one.ordinal in step.ended)
        ]
        mark = message.transaction if did_anything(held) else NOTHING_HELD
        if mark != (step.last or step.transaction):
            self.journal.set_transaction(self._run, step.ordinal, mark)
        step.last = mark
        step.announced = tuple(sorted(one.ordinal for one in held))
        step.ended.update(dict.fromkeys(step.announced, "unfinished"))
        self._write_announced(step)

    def _settle_announced(self, step: _Open) -> None:
        """Write what became of the transaction whose commit was announced before."""
        if not step.announced or step.last is None:
            return
        outcome = self.database.transaction_outcome(step.last)
        became: StatementOutcome = (
            "done" if outcome == "committed" else "rolled back" if outcome == "aborted" else "unfinished"
        )
        step.ended.update(dict.fromkeys(step.announced, became))
        self._write_announced(step)
        step.announced = ()

    def _write_announced(self, step: _Open) -> None:
        records = [self._record(step, step.statements[ordinal]) for ordinal in step.announced]
        self.journal.write_statements(self._run, step.ordinal, records)

    def ready(self, message: StepReady) -> None:
        """Journal the transaction that is about to commit, where it is not the one the step began in."""
        step = self._step()
        step.expected, step.left, step.ready = message.heads, message.split, message.transaction
        if message.transaction is not None and message.transaction != (step.last or step.transaction):
            self._settle_announced(step)
            self.journal.set_transaction(self._run, step.ordinal, message.transaction)

    def committed(self) -> bool:
        """Read the version on our own connection. False when it is not what the commit should have made."""
        step = self._step()
        now = self._read_heads()
        if step.expected is None or now != step.expected:
            return False
        self.write_ended()
        self._look_for_invalid(step)
        self._unwritten = self._end(step, "committed", None)
        self.heads = now
        return True

    def _look_for_invalid(self, step: _Open) -> None:
        """What a concurrent statement left whose error the revision swallowed, while it is known whose it is."""
        failed = [one for one in self._concurrent if step.statements[one.statement.ordinal].error is not None]
        if failed:
            for index in invalid_indexes(self.database, self._own):
                if any(one.made(index) for one in failed):
                    self.left_invalid[index.oid] = step.revision.id

    def failed(self, message: StepFailed) -> None:
        """Note the revision's own error; what became of the step is settled when its session has ended."""
        step = self._step()
        step.failure = message
        step.left = message.split or step.left

    def settle(self, error: str) -> StepOutcome | None:
        """Decide what became of the open step and journal it; None when no step is open."""
        self.write_ended()
        step = self.open
        if step is None:
            return None
        if not step.written:  # the connection was lost on the way: nobody knows whether it was entered
            self.journal.begin_step(step.record)
        cleaned = self._clean(step)
        self._settle_announced(step)
        now = self._read_heads()
        counter = self.database.change_counter()
        evidence = Evidence(
            before=step.before,
            now=now,
            expected=step.expected,
            transaction=self.database.transaction_outcome(step.transaction) if step.transaction else None,
            changed=None if counter is None else counter != step.counter,
            left=step.left,
            statements=list(step.statements.values()),
            cleaned=cleaned,
            committed=did_anything(
                s for s in step.statements.values() if step.ended.get(s.ordinal) == "done"
            ),
        )
        outcome = settle(evidence)
        self.way_on = way_on(self.debris, evidence) if outcome == "partial" else ""
        if outcome in {"partial", "unknown"}:
            self._doubt(step)
        self._end(step, outcome, error)()
        self.heads = now
        return outcome

    def _doubt(self, step: _Open) -> None:
        """What no announced commit covers is as the transaction that was open at the end, if that can be told."""
        ask = self.database.transaction_outcome
        became = rest_of(step.transaction, step.last, step.ready, step.left, ask)
        for one in step.statements.values():
            if not one.autocommit and one.ordinal not in step.ended:
                step.ended[one.ordinal] = "unknown" if one.own_connection else became

    def _clean(self, step: _Open) -> set[int]:
        """Drop what a concurrent statement that did not end well left INVALID; its ordinal, if nothing stays."""
        debris = self.debris
        if debris is None:
            return set()
        last = step.statements.get(debris.statement.ordinal)
        if (
            last is None
            or last.sql != debris.statement.sql
            or (last.duration is not None and last.error is None)
        ):
            return set()
        debris.database = self.database
        return {last.ordinal} if debris.clean() else set()

    def _end(self, step: _Open, outcome: StepOutcome, error: str | None) -> Callable[[], None]:
        """The step is over; what is returned writes that to the journal."""
        duration = time.monotonic() - step.clock
        ended, waited = _now(), self.waited()
        statements = tuple(step.statements[n] for n in sorted(step.statements))

        def write() -> None:
            self.journal.end_step(
                self._run,
                step.ordinal,
                outcome=outcome,
                duration=duration,
                error=error,
                ended=ended,
                # those in autocommit were written one by one
                statements=[self._record(step, s) for s in statements if not s.autocommit],
            )
            if waited:
                self.journal.set_waited(self._run, step.ordinal, waited)

        self.applied.append(
            AppliedStep(
                step.revision.id,
                step.revision.message,
                step.revision.path,
                outcome,
                duration,
                statements,
                error,
            )
        )
        self.open = None
        self._sink(StepEnded(self._target.label, step.revision.id, outcome, duration))
        return write

    def _record(self, step: _Open, statement: Statement) -> StatementRecord:
        return StatementRecord(
            run=self._run,
            step=step.ordinal,
            ordinal=statement.ordinal,
            digest=hashlib.sha256(statement.sql.encode()).hexdigest(),
            sql=statement.sql,
            file=statement.source.file if statement.source else None,
            line=statement.source.line if statement.source else None,
            began=step.starts.get(statement.ordinal) or _now(),
            duration=statement.duration,
            rows=statement.rows,
            outcome=_outcome(statement, step.ended.get(statement.ordinal)),
            autocommit=statement.autocommit,
            error=statement.error,
        )

    def _read_heads(self) -> tuple[str, ...]:
        return tuple(sorted(self.database.read_heads(self._target.version_table) or ()))

    def _step(self) -> _Open:
        if self.open is None:
            raise AssertionError("a worker spoke of a step that it had not begun")
        return self.open


def _outcome(statement: Statement, ended: StatementOutcome | None) -> StatementOutcome:
    if statement.error is not None:
        return "failed"
    if ended is not None:
        return ended
    return "unfinished" if statement.duration is None else "done"


def _text(revision: Revision) -> tuple[str, str]:
    """The file's text, and the checksum that goes with it: the file may have been edited since the probe."""
    try:
        data = Path(revision.path).read_bytes()
    except OSError:
        return "", revision.checksum
    return data.decode("utf-8", "replace"), hashlib.sha256(data).hexdigest()


def _now() -> datetime:
    return datetime.now(timezone.utc)
