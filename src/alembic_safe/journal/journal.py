"""Writes the journal while a run goes on. Each method has committed when it returns: SIGKILL loses nothing.

On PostgreSQL commits are asynchronous (`synchronous_commit=off`): a crash of the server may lose the newest
rows, but none that stands before a commit of the revision itself, which flushes all WAL before it. The row
that announces a statement in autocommit is flushed by itself. In a file, SQLite's WAL with synchronous=NORMAL
keeps what a process wrote through its death, but through a crash of the machine only up to the last flush.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from alembic_safe.errors import AlembicSafeError
from alembic_safe.journal._rows import (
    heads_text,
    mapped_text,
    origin_values,
    run_values,
    statement_values,
    statements_json,
    step_values,
)
from alembic_safe.journal._store import Store
from alembic_safe.journal.reader import JournalReader
from alembic_safe.model.live import Mapped
from alembic_safe.model.runs import (
    RunOutcome,
    RunRecord,
    StatementOutcome,
    StatementRecord,
    StepOutcome,
    StepRecord,
)

_NUMBERED = "run_ordinal_key"
_LOGGED_AHEAD = 32
_MANY = 2000  # statements in one message: a row loop may have a million


class Journal(JournalReader):
    """The journal of one database, open for writing. Text is stored as given: the caller masks secrets."""

    def __init__(self, store: Store, *, owned: bool, durable: str = "on") -> None:
        """`durable` is the `synchronous_commit` that flushes, for the rows that must be on disk."""
        super().__init__(store, owned=owned)
        self._durable = durable

    def begin_run(self, run: RunRecord) -> None:
        """Enter a run, before anything is done for it.

        A database that was copied as a template, and whose server crashed before its next checkpoint, gives numbers
        out again that runs have: a sequence is logged 32 ahead (source: SEQ_LOG_VALS), and the copy takes over what is
        left of them. Each try takes the next.
        """
        for _ in range(_LOGGED_AHEAD):
            try:
                self._enter(run)
            except AlembicSafeError as error:
                said = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
                if said != _NUMBERED:
                    raise
            else:
                return
        self._enter(run)

    def _enter(self, run: RunRecord) -> None:
        origin = self.store.origin
        values = run_values(run) | (origin_values(origin) if origin is not None else {})
        if self.store.dialect == "postgresql":
            self.store.run("begin_run", **values)
            return
        with self.store.transaction(begin="BEGIN IMMEDIATE"):
            self.store.run("begin_run", **values)
            if origin is not None:
                self.store.run("keep_origin", **values)

    def end_run(
        self,
        run: str,
        *,
        outcome: RunOutcome,
        heads_after: tuple[str, ...] | None,
        error: str | None,
        ended: datetime,
    ) -> None:
        """Write the end of a run, of this process or of one that was killed."""
        self.store.change(
            "end_run", run=run, outcome=outcome, heads_after=heads_text(heads_after), error=error, ended=ended
        )

    def set_backup(self, run: str, backup: str) -> None:
        """Name the backup that stands before the run."""
        self.store.change("set_backup", run=run, backup=backup)

    def set_checkout(self, run: str, name: str, mapped: Mapped | None) -> None:
        """Write which code a run is made with, and what its models map (None: not known)."""
        text = None if mapped is None else mapped_text(mapped)
        digest = None if text is None else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        if digest is not None:
            self.store.run("keep_mapping", mapping=digest, tables=text)
        self.store.run("set_checkout", run=run, checkout=name, mapping=digest)

    def set_ended_well(self, run: str) -> None:
        """Write that the run's command ends with exit status 0: its code may be running from now on."""
        self.store.change("set_ended_well", run=run, well=True)

    def begin_step(self, step: StepRecord) -> None:
        """Enter a revision before it is begun; with `attempts` above 1 in place of its attempt before."""
        if self.store.dialect == "postgresql":
            self._forget(step)
            self.store.run("begin_step", **step_values(step))
            return
        with self.store.transaction(begin="BEGIN IMMEDIATE"):
            self._forget(step)
            if step.text:
                self.store.run("keep_file", **step_values(step))
            self.store.run("begin_step", **step_values(step))

    def set_transaction(self, run: str, step: int, transaction: str) -> None:
        """Write which transaction (xid8 as text) is about to commit the step; call it before COMMIT."""
        self.store.change("set_transaction", run=run, step=step, transaction_id=transaction)

    def end_step(
        self,
        run: str,
        step: int,
        *,
        outcome: StepOutcome,
        duration: float | None,
        error: str | None,
        ended: datetime,
        statements: Sequence[StatementRecord],
    ) -> None:
        """Write the end of a step and all its statements: one round trip on PostgreSQL."""
        end = {
            "run": run,
            "step": step,
            "outcome": outcome,
            "duration": duration,
            "error": error,
            "ended": ended,
        }
        if self.store.dialect == "postgresql":
            last = max(0, (len(statements) - 1) // _MANY * _MANY)
            for at in range(0, last, _MANY):
                part = statements_json(statements[at : at + _MANY], self.store.text)
                self.store.run("write_statements", run=run, step=step, statements=part)
            part = statements_json(statements[last:], self.store.text)
            self.store.change("end_step", **end, statements=part)
            return
        with self.store.transaction(begin="BEGIN IMMEDIATE"):
            for statement in statements:
                self.store.run("write_statement", **statement_values(statement))
            self.store.change("end_step", **end)

    def write_statements(self, run: str, step: int, statements: Sequence[StatementRecord]) -> None:
        """Write statements as they are known by now, those of a transaction that a revision commits on its way."""
        if self.store.dialect == "postgresql":
            for at in range(0, len(statements), _MANY):
                part = statements_json(statements[at : at + _MANY], self.store.text)
                self.store.run("write_statements", run=run, step=step, statements=part)
            return
        with self.store.transaction(begin="BEGIN IMMEDIATE"):
            for statement in statements:
                self.store.run("write_statement", **statement_values(statement))

    def set_waited(self, run: str, step: int, seconds: float) -> None:
        """Write for how long the attempts at a step, all together, waited for locks."""
        self.store.run("set_waited", run=run, step=step, waited=seconds)

    def set_forecast(self, run: str, revision: str, seconds: float) -> None:
        """Write how long a revision of this run is expected to take, before it is begun."""
        self.store.run("set_forecast", run=run, revision=revision, seconds=seconds)

    def begin_statement(self, statement: StatementRecord) -> None:
        """Enter a statement that commits on its own, before it is sent. On disk when this returns."""
        values = statement_values(statement)
        if self.store.dialect == "postgresql":
            self.store.run("begin_statement", **values, durable=self._durable)
            return
        self.store.database.execute("PRAGMA synchronous = FULL")
        self.store.run("write_statement", **values)
        self.store.database.execute("PRAGMA synchronous = NORMAL")

    def end_statement(
        self,
        run: str,
        step: int,
        ordinal: int,
        *,
        outcome: StatementOutcome,
        duration: float | None,
        rows: int | None,
        error: str | None,
    ) -> None:
        """Write the end of a statement that commits on its own."""
        self.store.change(
            "end_statement",
            run=run,
            step=step,
            ordinal=ordinal,
            outcome=outcome,
            duration=duration,
            row_count=rows,
            error=error,
        )

    def close(self) -> None:
        """Close the journal's own connection. A file is left without its -wal, to be copied or only read."""
        if self._owned:
            with suppress(Exception):  # another process has it open: its close will do it
                self.store.database.execute("PRAGMA busy_timeout = 0")
                self.store.database.fetch("PRAGMA journal_mode = DELETE")
        super().close()

    def _forget(self, step: StepRecord) -> None:
        if step.attempts > 1:
            self.store.run("forget_attempt", run=step.run, step=step.ordinal)
