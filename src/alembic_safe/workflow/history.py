"""`history`: runs, steps and statements with their durations, from the journals of the project's targets."""

from __future__ import annotations

from alembic_safe.apply import Interrupts
from alembic_safe.bridge import Workers
from alembic_safe.errors import UsageError
from alembic_safe.journal import open_journal
from alembic_safe.model.events import EventSink, ignore
from alembic_safe.model.results import HistoryResult
from alembic_safe.model.runs import RunHistory
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.context import Phases

Slow = tuple[str, str, str, float]


def history(
    settings: Settings,
    *,
    limit: int = 20,
    slowest: int | None = None,
    run: str | None = None,
    sink: EventSink = ignore,
) -> HistoryResult:
    """The newest `limit` runs, or the one called `run`; with `slowest`, that many slowest statements too.

    Raises `UsageError` when there is no run of that name.
    """
    phases = Phases(sink)
    with (
        Interrupts() as interrupts,
        Workers(sink, start_timeout=settings.project.start_timeout) as workers,
    ):
        with phases.phase("probe", "finding the targets"):
            probed = asking.ask(
                settings, workers, "heads", "upgrade", listing=False, sink=sink, tick=interrupts.check
            )
        sites = asking.open_sites(probed, settings.control, read_only=True)
    runs: list[RunHistory] = []
    slow: list[Slow] = []
    try:
        for database in asking.databases_of(sites):
            journal = open_journal(database, settings.journal, create=False)
            if journal is None:
                continue
            runs += journal.runs(limit, run)
            slow += journal.slowest(slowest) if slowest else ()
            journal.close()
    finally:
        asking.close_sites(sites)
    if run is not None and not runs:
        raise UsageError(f"there is no run {run} in the journal", hint="See `alembic-safe history`.")
    runs.sort(key=lambda found: found.run.began, reverse=True)
    slow.sort(key=lambda found: found[3], reverse=True)
    return HistoryResult(0, tuple(runs[:limit]), tuple(slow[:slowest]) if slowest else ())
