"""`status`: where every target is, and whether it is well. Never writes."""

from __future__ import annotations

import time

from alembic_safe.apply import Interrupts
from alembic_safe.backup import list_backups, open_store
from alembic_safe.bridge import Workers
from alembic_safe.bridge.probe import Probed
from alembic_safe.errors import DirtyTargetError, RefusedError, UnreachableError
from alembic_safe.model.events import EventSink, Waiting, ignore
from alembic_safe.model.results import BackupListing, Failure, StatusResult, TargetStatus
from alembic_safe.recovery.doubts import doubted
from alembic_safe.recovery.states import STATES
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking, reaching
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import Phases
from alembic_safe.workflow.examining import examine, reading_journal

_PAUSE = 1.0


def status(settings: Settings, *, sink: EventSink = ignore) -> StatusResult:
    """Probe the project read-only, then read version rows, lock, journal and backups of each target.

    What --at-heads and --require ask for is waited for on our own connections; env.py is executed again only
    when the database was lost meanwhile, or what it said has changed.
    """
    until = time.monotonic() + (settings.wanted.wait if settings.wanted.asked else 0.0)
    with (
        Interrupts() as interrupts,
        Workers(sink, start_timeout=settings.project.start_timeout) as workers,
    ):
        looking = _Looking(settings, workers, interrupts, Phases(sink), sink)
        while True:
            left = until - time.monotonic()
            try:
                result, moved = looking.look(until)
            except UnreachableError as error:
                if left <= 0:
                    from alembic_safe.workflow.without_database import told_without

                    return StatusResult(
                        error.exit_status, (), told_without(settings), error=Failure.of(error)
                    )
                sink(Waiting(f"the database: {error.message}", "", settings.wanted.wait - left))
                _sleep(min(_PAUSE, left), interrupts)
                continue
            if not moved:
                return result


def _sleep(seconds: float, interrupts: Interrupts) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        interrupts.check()
        time.sleep(0.1)


class _Looking:
    """One look after another, with the same worker server."""

    def __init__(
        self,
        settings: Settings,
        workers: Workers,
        interrupts: Interrupts,
        phases: Phases,
        sink: EventSink,
    ) -> None:
        self._settings = settings
        self._workers = workers
        self._interrupts = interrupts
        self._phases = phases
        self._sink = sink

    def look(self, until: float) -> tuple[StatusResult, bool]:
        """The status; True where a target moved while it was waited for, so that it must be read again."""
        settings, sink = self._settings, self._sink
        with self._phases.phase("probe", "looking at the project and its targets"):
            probed = asking.ask(
                settings,
                self._workers,
                "heads",
                "upgrade",
                # what the next revision would make is looked for; a pod that waits needs no such look
                listing=not settings.wanted.asked,
                unless_empty=True,
                first=True,
                sink=sink,
                tick=self._interrupts.check,
            )
        sites = asking.open_sites(probed, settings.control, read_only=True)
        try:
            if settings.wanted.asked:
                reaching.wait_for(settings, sites, until=until, sink=sink, tick=self._interrupts.check)
                if any(site.moved_to() is not None for site in sites):
                    return StatusResult(0, ()), True
            return self._result(sites, probed), False
        finally:
            asking.close_sites(sites)

    def _result(self, sites: list[Site], probed: list[Probed]) -> StatusResult:
        settings = self._settings
        backups, _ = list_backups(open_store(settings.backup))
        sound = [backup for backup in backups if not backup.faults]
        targets = tuple(_status(settings, site, sound) for site in sites)
        notices = tuple(notice.message for section in probed for notice in section.notices)
        worst = max((STATES[t.state].exit for t in targets), default=0)
        if not settings.wanted.asked:
            return StatusResult(worst, targets, notices)
        return self._answer(sites, targets, notices)

    def _answer(
        self, sites: list[Site], targets: tuple[TargetStatus, ...], notices: tuple[str, ...]
    ) -> StatusResult:
        """0 where everything asked for is there and nothing is dirty, else what stands against it."""
        lacking = {site.target.label: reaching.missing_on(self._settings, site) for site in sites}
        lacking = {label: left for label, left in lacking.items() if left}
        exits = [STATES[t.state].exit for t in targets]
        bad = max((one for one in exits if one == DirtyTargetError.exit_status or lacking), default=0)
        if not lacking:
            return StatusResult(bad, targets, notices)
        said = "; ".join(f"{label} lacks revision {', '.join(left)}" for label, left in lacking.items())
        waited = f" after waiting {self._settings.wanted.wait:.0f} s" if self._settings.wanted.wait else ""
        error = RefusedError(
            f"{said}{waited}",
            hint="`alembic-safe upgrade` applies what is missing; `--wait 5m` waits until another has.",
        )
        return StatusResult(bad or error.exit_status, targets, notices, Failure.of(error))


def _status(settings: Settings, site: Site, backups: list[BackupListing]) -> TargetStatus:
    found = site.probed.found
    with reading_journal(settings, site) as (journal, fault):
        evidence, diagnosis = examine(settings, site, journal, journal_fault=fault, backups=backups)
    mine = [one for one in backups if one.manifest.address == site.database.facts.address]
    return TargetStatus(
        target=site.summary(),
        state=diagnosis.state,
        code_heads=site.graph.heads,
        behind=found.pending,
        unknown=found.unknown,
        last_run=evidence.last_run,
        lock_holder=evidence.lock_holder,
        last_backup=mine[0].manifest if mine else None,
        facts=diagnosis.sentences,
        last_proof=next((one.restored for one in mine if one.restored is not None), None),
        doubted=doubted(evidence, diagnosis),
    )


def state_of(settings: Settings, site: Site) -> tuple[str, int, tuple[str, ...]]:
    """A target's state, the exit status that `status` has for it, and the sentences that support it."""
    found = _status(settings, site, [])
    return found.state, STATES[found.state].exit, found.facts
