"""`history`: runs, steps and statements with their durations, from the journals of the project's targets."""

from __future__ import annotations

from alembic_safe.apply import Interrupts
from alembic_safe.backup import list_backups, open_store
from alembic_safe.backup.restore.proof import read_proofs
from alembic_safe.bridge import Workers
from alembic_safe.errors import BackupError, UsageError
from alembic_safe.journal import open_journal
from alembic_safe.model.events import EventSink, Notice, ignore
from alembic_safe.model.protocols import Database
from alembic_safe.model.restores import RestoreProof
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
    """The newest `limit` runs and restores of backups, or the run called `run`; with `slowest`, that many slowest
    statements too.

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
    proofs: tuple[RestoreProof, ...] = ()
    try:
        for database in asking.databases_of(sites):
            journal = open_journal(database, settings.journal, create=False)
            if journal is None:
                continue
            runs += journal.runs(limit, run)
            slow += journal.slowest(slowest) if slowest else ()
            journal.close()
        if run is None and not slowest:
            proofs = _proofs(settings, asking.databases_of(sites), sink)
    finally:
        asking.close_sites(sites)
    if run is not None and not runs:
        raise UsageError(f"there is no run {run} in the journal", hint="See `alembic-safe history`.")
    runs.sort(key=lambda found: found.run.began, reverse=True)
    slow.sort(key=lambda found: found[3], reverse=True)
    return HistoryResult(
        0, tuple(runs[:limit]), tuple(slow[:slowest]) if slowest else (), proofs=proofs[:limit]
    )


def _proofs(settings: Settings, databases: list[Database], sink: EventSink) -> tuple[RestoreProof, ...]:
    """What restoring backups of these databases showed, newest first. A store that is away hides them, not the runs."""
    addresses = {database.facts.address for database in databases}
    store = open_store(settings.backup)
    try:
        listed, _ = list_backups(store)
    except BackupError as error:
        sink(Notice(f"whether backups were restored to prove them is not known: {error.message}", error.hint))
        return ()
    tried = (one.manifest for one in listed if one.restored is not None)
    proofs = [proof for one in tried if one.address in addresses for proof in read_proofs(store, one.id)]
    return tuple(sorted(proofs, key=lambda proof: proof.at, reverse=True))
