"""The journal of a restore: a run for each target, begun in the old database and ended where the target is then."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone

from alembic_safe.errors import AlembicSafeError
from alembic_safe.journal import Journal, carry_over, open_journal
from alembic_safe.model.protocols import Database
from alembic_safe.quick import dataclass
from alembic_safe.settings import Settings
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import new_run_id
from alembic_safe.workflow.run_record import begun, unsettled


@dataclass(slots=True)
class RestoreJournal:
    """The runs that were begun, by target ("version table")."""

    settings: Settings
    runs: dict[str, str]

    @classmethod
    def begin(cls, settings: Settings, sites: Sequence[Site], backup: str, began: datetime) -> RestoreJournal:
        """Enter a run for each of the targets, which share one database."""
        attempt = new_run_id(began)
        runs = {
            str(site.target.version_table): attempt if len(sites) == 1 else f"{attempt}.{number}"
            for number, site in enumerate(sites, start=1)
        }
        journal = open_journal(sites[0].database, settings.journal, create=True)
        try:
            for site in sites:
                run = runs[str(site.target.version_table)]
                record = begun(site, run, "restore", began, backup=backup)
                journal.begin_run(replace(record, allowances=unsettled(journal, record.target)))
        finally:
            journal.close()
        return cls(settings, runs)

    @property
    def run(self) -> str:
        """The first target's."""
        return next(iter(self.runs.values()))

    def carry(self, old: Database, new: Database) -> None:
        """Give the database that takes the target's place the journal of the old one."""
        carry_over(old, new, self.settings.journal)

    def fail(self, database: Database, error: BaseException) -> None:
        """Close the runs as failed, in the database that keeps its place. Never raises."""
        said = error.message if isinstance(error, AlembicSafeError) else type(error).__name__
        with suppress(AlembicSafeError):
            journal = open_journal(database, self.settings.journal, create=True)
            try:
                for run in self.runs.values():
                    journal.end_run(
                        run, outcome="failed", heads_after=None, error=said, ended=datetime.now(timezone.utc)
                    )
            finally:
                journal.close()

    def done(self, database: Database, heads: dict[str, tuple[str, ...] | None]) -> None:
        """Close the runs as done, and those that were left open in what the restore took away."""
        journal = open_journal(database, self.settings.journal, create=True)
        try:
            for target, run in self.runs.items():
                rows = heads.get(target) or ()
                _close_what_went(journal, target, run, rows)
                journal.end_run(
                    run, outcome="done", heads_after=rows, error=None, ended=datetime.now(timezone.utc)
                )
        finally:
            journal.close()


def _close_what_went(journal: Journal, target: str, restore: str, heads: tuple[str, ...]) -> None:
    """A run without an end was killed: nothing of it is in the database any more."""
    now = datetime.now(timezone.utc)
    for history in journal.unfinished_runs(target):
        if history.run.id == restore:
            continue
        said = f"undone by restore {restore}"
        for step in history.steps:
            if step.outcome == "unfinished":
                journal.end_step(
                    history.run.id,
                    step.ordinal,
                    outcome="rolled_back",
                    duration=None,
                    error=said,
                    ended=now,
                    statements=(),
                )
        journal.end_run(history.run.id, outcome="interrupted", heads_after=heads, error=said, ended=now)
