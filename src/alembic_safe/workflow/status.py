"""`status`: where every target is, and whether it is well. Never writes."""

from __future__ import annotations

from alembic_safe.apply import Interrupts
from alembic_safe.apply.unfinished import dirty_sentence, step_outcome
from alembic_safe.backup import list_backups, open_store
from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import GraphRead
from alembic_safe.journal import open_journal
from alembic_safe.model.events import EventSink, ignore
from alembic_safe.model.results import BackupListing, StatusResult, TargetStatus
from alembic_safe.model.runs import RunHistory
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import Phases

_EXIT = {
    "at heads": 0,
    "behind": 0,
    "at base": 0,
    "running": 0,
    "interrupted but clean": 5,
    "dirty": 6,
    "unknown revision": 8,
    "no way to the heads": 2,
}


def status(settings: Settings, *, sink: EventSink = ignore) -> StatusResult:
    """Probe the project read-only, then read version rows, lock, journal and backups of each target."""
    phases = Phases(sink)
    with (
        Interrupts() as interrupts,
        Workers(sink, start_timeout=settings.project.start_timeout) as workers,
    ):
        with phases.phase("probe", "looking at the project and its targets"):
            probed = asking.ask(
                settings, workers, "heads", "upgrade", listing=False, sink=sink, tick=interrupts.check
            )
        sites = asking.open_sites(probed, settings.control, read_only=True)
        try:
            backups, _ = list_backups(open_store(settings.backup))
            sound = [backup for backup in backups if not backup.faults]
            targets = tuple(_status(settings, site, sound) for site in sites)
        finally:
            asking.close_sites(sites)
    notices = tuple(notice.message for section in probed for notice in section.notices)
    return StatusResult(max((_EXIT[t.state] for t in targets), default=0), targets, notices)


def _status(settings: Settings, site: Site, backups: list[BackupListing]) -> TargetStatus:
    found = site.probed.found
    heads = site.database.read_heads(site.target.version_table)
    lock = site.database.deploy_lock([site.target.version_table])
    holder = lock.holder() or None
    journal = open_journal(site.database, settings.journal, create=False)
    last = journal.last_run(str(site.target.version_table)) if journal is not None else None
    if journal is not None:
        journal.close()
    state, facts = _state(site, heads or (), last, holder)
    mine = [one for one in backups if one.manifest.address == site.database.facts.address]
    return TargetStatus(
        target=site.summary(),
        state=state,
        code_heads=site.graph.heads,
        behind=found.pending,
        unknown=found.unknown,
        last_run=last,
        lock_holder=holder,
        last_backup=mine[0].manifest if mine else None,
        facts=facts,
        last_proof=next((one.restored for one in mine if one.restored is not None), None),
    )


def _state(
    site: Site, heads: tuple[str, ...], last: RunHistory | None, holder: str | None
) -> tuple[str, tuple[str, ...]]:
    """The diagnosis and the sentences that support it, worst first."""
    found = site.probed.found
    if last is not None and last.run.outcome == "dirty":
        return "dirty", (dirty_sentence(last),)
    if last is not None and last.run.outcome == "unfinished":
        if holder:
            return "running", (f"run {last.run.id} holds the deploy lock: {holder}",)
        return _dead(site, heads, last)
    if found.unknown:
        return "unknown revision", (_unknown(found.unknown, site.graph, last),)
    if found.fault:
        return "no way to the heads", (found.fault,)
    if last is not None and last.run.outcome in {"failed", "interrupted"} and last.run.error:
        facts: tuple[str, ...] = (f"the last run {last.run.id} {last.run.outcome}: {last.run.error}",)
    else:
        facts = ()
    if not found.pending:
        return "at heads", facts
    return ("behind" if heads else "at base"), facts


def _dead(site: Site, heads: tuple[str, ...], last: RunHistory) -> tuple[str, tuple[str, ...]]:
    """A run without an end whose lock nobody holds: its process is dead."""
    step = next((s for s in reversed(last.steps) if s.outcome == "unfinished"), None)
    outcome = step_outcome(last, step, heads, site.database) if step else None
    when = f"{last.run.began:%Y-%m-%d %H:%M:%S} UTC on {last.run.host}"
    began = f"run {last.run.id}, begun {when}, ended without a word"
    if step is None:
        return "interrupted but clean", (f"{began}, between two revisions",)
    if outcome == "committed":
        return "interrupted but clean", (f"{began}; its last revision {step.revision} is committed whole",)
    if outcome == "rolled_back":
        return "interrupted but clean", (f"{began}; nothing of revision {step.revision} took effect",)
    what = "part of it is committed" if outcome == "partial" else "what of it took effect cannot be told"
    return "dirty", (f"{began} in revision {step.revision}; {what}",)


def _unknown(rows: tuple[str, ...], graph: GraphRead, last: RunHistory | None) -> str:
    said = (
        f"the database is at {', '.join(rows)}, and this checkout ends at {', '.join(graph.heads) or 'base'}"
    )
    by = next((s for s in last.steps if s.revision in rows), None) if last else None
    return said + (f"; run {last.run.id} applied it on {last.run.began:%Y-%m-%d}" if by and last else "")
