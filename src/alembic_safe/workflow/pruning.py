"""`backup prune`, and the pruning after a run that went well: what the journals need is asked first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack

from alembic_safe.apply import Interrupted, Interrupts
from alembic_safe.backup import open_store
from alembic_safe.backup.prune import Pruning, plan_pruning, prune
from alembic_safe.bridge import Workers
from alembic_safe.journal import JournalReader, open_journal
from alembic_safe.model.events import EventSink, ignore
from alembic_safe.model.results import PrunedBackup, PruneResult
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import Phases


def prune_backups(settings: Settings, *, sink: EventSink = ignore) -> PruneResult:
    """Remove the backups of this project's databases that need not be kept, or only say which (`dry_run`).

    The databases are asked: a run that has no end, or is dirty, needs its backup. When one cannot be reached
    nothing is removed (`UnreachableError`), since that is when backups are wanted.
    """
    phases = Phases(sink)
    with (
        Interrupts() as interrupts,
        Workers(sink, start_timeout=settings.project.start_timeout) as workers,
    ):
        with phases.phase("probe", "finding the databases"):
            probed = asking.ask(
                settings, workers, "heads", "upgrade", listing=False, sink=sink, tick=interrupts.check
            )
        sites = asking.open_sites(probed, settings.control, read_only=True)
        try:
            with ExitStack() as stack:
                pruning = _planned(settings, sites, _journals(settings, sites, stack))
        finally:
            asking.close_sites(sites)
        removed: tuple[str, ...] = ()
        if not settings.dry_run and pruning.removed:
            with phases.phase(
                "prune", f"removing {len(pruning.removed)} of {len(pruning.decisions)} backups"
            ):
                removed = _pruned(settings, pruning, interrupts)
    return PruneResult(0, settings.dry_run, tuple(_shown(pruning, removed)), pruning.left_alone)


def _pruned(settings: Settings, pruning: Pruning, interrupts: Interrupts) -> tuple[str, ...]:
    gone: list[str] = []
    try:
        return prune(open_store(settings.backup), pruning, tick=interrupts.check, gone=gone.append)
    except Interrupted as error:
        if not gone:
            raise
        raise Interrupted(
            f"interrupted by {interrupts.name} after {len(gone)} of {len(pruning.removed)} backups were removed",
            hint="Run the same command again to remove the others.",
            detail="\n".join(f"removed: {one}" for one in gone),
        ) from error


def prune_after(
    settings: Settings, sites: Sequence[Site], journals: Mapping[int, JournalReader], tick: Callable[[], None]
) -> tuple[str, ...]:
    """After a run that went well: what need not be kept is removed; the ids. `journals` by id() of the database."""
    mine = [journals[id(database)] for database in asking.databases_of(sites)]
    return prune(open_store(settings.backup), _planned(settings, sites, mine), tick=tick)


def _planned(settings: Settings, sites: Sequence[Site], journals: Iterable[JournalReader]) -> Pruning:
    """What pruning would do to the backups of these databases."""
    needed: dict[str, str] = {}
    for journal in journals:
        needed |= journal.backups_needed()
    addresses = {database.facts.address for database in asking.databases_of(sites)}
    return plan_pruning(open_store(settings.backup), settings.retention, addresses=addresses, needed=needed)


def _journals(settings: Settings, sites: Sequence[Site], stack: ExitStack) -> Iterator[JournalReader]:
    """Those that are there, closed with `stack`."""
    for database in asking.databases_of(sites):
        journal = open_journal(database, settings.journal, create=False)
        if journal is not None:
            stack.callback(journal.close)
            yield journal


def _shown(pruning: Pruning, removed: tuple[str, ...]) -> Iterable[PrunedBackup]:
    for listing, decision in pruning.decisions:
        manifest = listing.manifest
        yield PrunedBackup(
            manifest.id,
            manifest.began,
            manifest.scope,
            manifest.size,
            decision.keep,
            decision.why,
            manifest.id in removed,
        )
