"""Reads the journal: runs with their steps and statements, and what durations they teach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alembic_safe.errors import AlembicSafeError
from alembic_safe.journal._rows import mapped_of, run_record, statement_record, step_record
from alembic_safe.journal._store import Store, sqlstate
from alembic_safe.model.live import Mapped
from alembic_safe.model.protocols import Database, Rows
from alembic_safe.model.revisions import Direction
from alembic_safe.model.runs import (
    NOTHING_HELD,
    Elsewhere,
    Origin,
    RunHistory,
    RunRecord,
    StatementRecord,
    StepRecord,
    TransactionOutcome,
)

_NOT_ALLOWED = "42501"


def transaction_outcome(database: Database, run: RunRecord, transaction: str | None) -> TransactionOutcome:
    """What became of a transaction of `run`, which the server that it was made on alone can say."""
    if run.elsewhere == "another server" and transaction != NOTHING_HELD:
        return "unknown"
    return database.transaction_outcome(transaction or "")


class JournalReader:
    """What the journal holds. Steps come without their file's text: `revision_text` gives it."""

    def __init__(self, store: Store, *, owned: bool) -> None:
        """`owned`: the connection is the journal's own, and closed with it."""
        self.store = store
        self._owned = owned

    def runs(self, limit: int, run: str | None = None) -> tuple[RunHistory, ...]:
        """The newest `limit` runs, newest first; or the one whose id is `run`."""
        return self._histories(self.store.rows("runs", run=run, number=limit))

    def last_run(self, target: str) -> RunHistory | None:
        """The newest run on `target`."""
        found = self._histories(self.store.rows("last_run", target=target))
        return found[0] if found else None

    def runs_of(self, target: str, limit: int) -> tuple[RunHistory, ...]:
        """The newest `limit` runs on `target`, newest first."""
        return self._histories(self.store.rows("runs_of", target=target, number=limit))

    def unfinished_runs(self, target: str) -> tuple[RunHistory, ...]:
        """Runs on `target` whose end was never written, newest first: they are running, or were killed."""
        return self._histories(self.store.rows("unfinished_runs", target=target))

    def backups_needed(self) -> dict[str, str]:
        """Backups, by id, that a run on any target still needs, and which run that is, in words."""
        words = {"unfinished": "has no end", "dirty": "is dirty"}
        rows = self.store.rows("backups_needed_by_database" if self.store.own else "backups_needed")
        return {backup: f"run {run} {words.get(outcome, 'was the last')}" for backup, run, outcome in rows}

    def slowest(self, limit: int) -> tuple[tuple[str, str, str, float], ...]:
        """The slowest statements of all runs: revision, file:line ("" where not known), SQL, seconds."""
        rows = self.store.rows("slowest", number=limit)
        return tuple(
            (rev, f"{file}:{line}" if file else "", sql, took) for rev, file, line, sql, took in rows
        )

    def expected_durations(self, revisions: Sequence[str], direction: Direction) -> dict[str, float]:
        """Seconds that each revision took when it was last committed; those never seen are left out."""
        return dict(self.store.rows_in("expected_durations", revisions, direction=direction))

    def mapped_before(self, target: str, checkout: str) -> Mapped | None:
        """What the models mapped at the newest run on `target` that ended well with another checkout.

        None: there was none, its models were not known, or the journal is older than such knowledge.
        """
        if self._format() < 2:
            return None
        rows = self.store.rows("mapped_before", target=target, checkout=checkout, well=True)
        return mapped_of(rows[0][0]) if rows and rows[0][0] is not None else None

    def runs_since(self, target: str, since: datetime) -> tuple[RunHistory, ...]:
        """The runs on `target` that began at `since` (aware) or later, newest first."""
        return self._histories(self.store.rows("runs_since", target=target, since=since))

    def applied(self, target: str, revisions: Sequence[str]) -> frozenset[str]:
        """Those of `revisions` that were applied on `target` by a run, and not taken back since."""
        return frozenset(row[0] for row in self.store.rows_in("applied", revisions, target=target))

    def definitions(self, target: str) -> tuple[tuple[str, Direction, str], ...]:
        """Statements about tables and schemas that committed on `target`, oldest first: revision, direction, SQL."""
        rows = self.store.rows(
            "definitions", target=target, tables="%table%", schemas="%schema%", owned="%drop owned%"
        )
        return tuple((revision, direction, sql) for revision, direction, sql in rows)

    def revision_text(self, checksum: str) -> str | None:
        """The text of a revision's file by its sha256, to show one that is gone. Never to be executed."""
        rows = self.store.rows("revision_text", checksum=checksum)
        return rows[0][0] if rows else None

    def close(self) -> None:
        """Close the journal's own connection; the target's is left open."""
        if self._owned:
            self.store.database.close()

    def _histories(self, rows: Rows) -> tuple[RunHistory, ...]:
        records = [run_record(row) for row in rows]
        ids = [record.id for record in records]
        steps: dict[str, list[StepRecord]] = defaultdict(list)
        statements: dict[str, list[StatementRecord]] = defaultdict(list)
        found = [step_record(row) for row in self.store.rows_in("steps", ids)]
        waits = self._waits([record.run for record in found])
        forecasts = self._forecasts([record.run for record in found])
        for record in found:
            waited = waits.get((record.run, record.ordinal), 0.0)
            forecast = forecasts.get((record.run, record.revision))
            steps[record.run].append(replace(record, waited=waited, forecast=forecast))
        for row in self.store.rows_in("statements", ids):
            statements[row[0]].append(statement_record(row))
        elsewhere = self._elsewhere(ids)
        return tuple(
            RunHistory(
                replace(r, elsewhere=elsewhere.get(r.id, "")), tuple(steps[r.id]), tuple(statements[r.id])
            )
            for r in records
        )

    def _elsewhere(self, runs: Sequence[str]) -> dict[str, Elsewhere]:
        """By run, where it was made on another database than this one.

        An SQLite file and the journal beside it are moved together: there a path proves nothing.
        """
        here = self.store.origin if self.store.dialect == "postgresql" else None
        if not runs or here is None or self._format() < 5:
            return {}
        try:
            found = self.store.rows_in("origins", list(dict.fromkeys(runs)))
        except AlembicSafeError as error:
            # a table of a newer format, that a reader was not granted yet
            if sqlstate(error) != _NOT_ALLOWED:
                raise
            return {}
        return {run: Origin(*made).seen_from(here) for run, *made in found}

    def _format(self) -> int:
        return int(self.store.rows("format")[0][0])

    def _waits(self, runs: Sequence[str]) -> dict[tuple[str, int], float]:
        """By run and ordinal; an older journal has no such knowledge."""
        if not runs or self._format() < 3:
            return {}
        found = self.store.rows_in("waits", list(dict.fromkeys(runs)))
        return {(run, ordinal): waited for run, ordinal, waited in found}

    def _forecasts(self, runs: Sequence[str]) -> dict[tuple[str, str], float]:
        """By run and revision; an older journal has no such knowledge."""
        if not runs or self._format() < 4:
            return {}
        found = self.store.rows_in("forecasts", list(dict.fromkeys(runs)))
        return {(run, revision): seconds for run, revision, seconds in found}
