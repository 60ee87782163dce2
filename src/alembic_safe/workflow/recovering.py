"""`recover`: evidence, diagnosis, remedies; and one of them carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from alembic_safe.apply import Interrupts
from alembic_safe.backup import list_backups, open_store
from alembic_safe.bridge import Workers
from alembic_safe.bridge.probe import Probed
from alembic_safe.errors import DirtyTargetError, RefusedError, UsageError
from alembic_safe.journal import JournalReader
from alembic_safe.model.events import EventSink, Notice, ignore
from alembic_safe.model.facts import Name
from alembic_safe.model.identity import Identity
from alembic_safe.model.recovery import Diagnosis, Evidence, RecoverResult, TargetRecovery
from alembic_safe.model.restores import RestorePlan
from alembic_safe.model.results import BackupListing
from alembic_safe.model.summaries import Failure
from alembic_safe.recovery.diagnosis import diagnose
from alembic_safe.recovery.doubts import doubted
from alembic_safe.recovery.remedies import Standing, recommended, remedies
from alembic_safe.recovery.timeline import timeline
from alembic_safe.recovery.traces import quoted
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.aiming import aimed, listed, names_of
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import Phases
from alembic_safe.workflow.examining import examine, reading_journal
from alembic_safe.workflow.identifying import identity_of

Confirm = Callable[[RestorePlan], bool]
_RUNS = 3
# exit statuses of states that need no remedy before work goes on
_WELL = (0, 5)


def recover(settings: Settings, *, confirm: Confirm | None = None, sink: EventSink = ignore) -> RecoverResult:
    """Say what is true of every target; with a remedy in the settings, carry it out on the one that offers it.

    The result shows what is true at the end. Raises `RefusedError` where the remedy is not offered, or hindered. Where
    several targets need one and none is named, each is explained and nothing is done: exit status 2.
    """
    wanted = settings.recovery
    if wanted.explain_only and wanted.remedy is not None:
        raise UsageError("--explain-only and --apply exclude each other", hint="Give one of them.")
    with Interrupts() as interrupts, Workers(sink, start_timeout=settings.project.start_timeout) as workers:
        recovery = Recovery(settings, workers, interrupts, Phases(sink), sink, confirm)
        try:
            found = recovery.look(read_only=wanted.remedy is None)
            return _result(found) if wanted.remedy is None else recovery.carry_out(wanted.remedy, found)
        finally:
            recovery.close()


class Recovery:
    """One command's way: looks as often as there is reason to, with the same worker server."""

    def __init__(
        self,
        settings: Settings,
        workers: Workers,
        interrupts: Interrupts,
        phases: Phases,
        sink: EventSink,
        confirm: Confirm | None,
    ) -> None:
        self.settings = settings
        self.workers = workers
        self.interrupts = interrupts
        self.phases = phases
        self.sink = sink
        self.confirm = confirm
        self.notices: list[str] = []
        # once a remedy is begun a signal stops that alone: what is true afterwards is always read
        self.begun = False
        self.sites: list[Site] = []
        self.aimed: list[Site] = []

    def close(self) -> None:
        """Give our connections back. Never raises."""
        asking.close_sites(self.sites)
        self.sites = []

    def say(self, sentence: str) -> None:
        """A notice, of the progress and of the result."""
        self.notices.append(sentence)
        self.sink(Notice(sentence))

    def tick(self) -> None:
        """Raise `Interrupted` once a signal has come, until a remedy is begun."""
        if not self.begun:
            self.interrupts.check()

    def ask(self) -> list[Probed]:
        """Execute env.py once a section, read-only."""
        return asking.ask(
            self.settings,
            self.workers,
            "heads",
            "upgrade",
            listing=True,
            unless_empty=True,
            first=True,
            digest=True,
            sink=self.sink,
            tick=self.tick,
        )

    def look(self, *, read_only: bool) -> list[TargetRecovery]:
        """Every target that is meant as it is now. Writes nothing; the connections stay open in `sites`."""
        self.close()
        with self.phases.phase("probe", "looking at the project and its targets"):
            probed = self.ask()
        self.sites = asking.open_sites(probed, self.settings.control, read_only=read_only)
        self.aimed = aimed(self.sites, self.settings.target)
        return [self.found(site) for site in self.aimed]

    def found(self, site: Site, *, ours: bool = False) -> TargetRecovery:
        """One target; `ours`: the deploy lock is held by this command itself."""
        with reading_journal(self.settings, site) as (journal, fault):
            evidence, diagnosis = examine(
                self.settings, site, journal, ours=ours, journal_fault=fault, backups=self._backups()
            )
            if doubted(evidence, diagnosis) and not self.settings.recovery.explain_only:
                evidence = replace(evidence, identity=self._identity(site))
                diagnosis = diagnose(evidence)
            return self._target(site, journal, evidence, diagnosis)

    def _identity(self, site: Site) -> Identity:
        """Which revision the schema is that of, whatever the rows say."""
        with self.phases.phase("identify", "comparing the schema with the history"):
            return identity_of(self.settings, self.workers, site, sink=self.sink, tick=self.tick)

    def _backups(self) -> list[BackupListing]:
        """Those of the store, newest first."""
        listed, _ = list_backups(open_store(self.settings.backup))
        return [one for one in listed if not one.faults]

    def _target(
        self, site: Site, journal: JournalReader | None, evidence: Evidence, diagnosis: Diagnosis
    ) -> TargetRecovery:
        backup, fault = self._backup(evidence.backup)
        table = site.target.version_table
        standing = Standing(
            quoted(Name(table.name, table.schema)),
            site.target.dialect,
            backup.manifest if backup is not None else None,
            fault,
        )
        offered = remedies(evidence, diagnosis, standing)
        runs = journal.runs_of(str(table), _RUNS) if journal is not None else ()
        return TargetRecovery(
            site.summary(),
            diagnosis,
            evidence,
            timeline(runs),
            offered,
            recommended(offered, diagnosis),
            aim=names_of(self.sites)[self.sites.index(site)] if len(self.sites) > 1 else "",
        )

    def _backup(self, identifier: str | None) -> tuple[BackupListing | None, str]:
        """The backup of this name, and what is wrong with it."""
        if identifier is None:
            return None, ""
        listed, _ = list_backups(open_store(self.settings.backup))
        found = next((one for one in listed if one.manifest.id == identifier), None)
        if found is None:
            return None, f"backup {identifier} is not in the store that this machine looks in"
        return found, found.faults[0] if found.faults else ""

    def carry_out(self, name: str, found: Sequence[TargetRecovery]) -> RecoverResult:
        """Carry out a remedy on the one target that offers it, and look at all that are meant again."""
        from alembic_safe.workflow.remedying import Remedying

        offering = [n for n, one in enumerate(found) if name in {r.name for r in one.remedies}]
        if not offering:
            raise _not_offered(name, found)
        rivals = {n for n, one in enumerate(found) if one.diagnosis.exit not in _WELL} | {*offering}
        if len(rivals) > 1:
            unsaid = _several(name, [found[n] for n in sorted(rivals)])
            return replace(_result(found), exit=unsaid.exit_status, error=Failure.of(unsaid))
        (at,) = offering
        if found[at].aim and self.settings.target is None:
            self.say(
                f"of {len(found)} targets {found[at].aim} alone needs a remedy: {name} is carried out on it"
            )
        remedy = next(r for r in found[at].remedies if r.name == name)
        if not remedy.possible:
            raise RefusedError(
                f"{name}: {remedy.hindered}", hint="`alembic-safe recover` shows the other ways."
            )
        run, backup = Remedying(self, self.aimed[at], found[at], remedy).work()
        after = self.look(read_only=True)
        mine = replace(after[at], applied=name, run=run, backup=backup)
        after = [*after[:at], mine, *after[at + 1 :]]
        result = replace(_result(after), notices=tuple(self.notices))
        if mine.diagnosis.state not in remedy.leads_to:
            error = DirtyTargetError(
                f"{name} was carried out, and the target is not as it promised: {mine.diagnosis.state};"
                f" {'; '.join(mine.diagnosis.sentences)}"
            )
            return replace(result, exit=error.exit_status, error=Failure.of(error))
        return result


def _several(name: str, rivals: Sequence[TargetRecovery]) -> UsageError:
    states = "; ".join(f"{one.aim}: {one.diagnosis.state}" for one in rivals)
    offer = [one.aim for one in rivals if name in {r.name for r in one.remedies}]
    return UsageError(
        f"{len(rivals)} targets need a remedy, and which one {name} is for was not said ({states})",
        hint=f"Nothing was changed. Give --target; {name} is offered on {listed(offer)}.",
    )


def _not_offered(name: str, found: Sequence[TargetRecovery]) -> RefusedError:
    offered = sorted({r.name for one in found for r in one.remedies})
    states = "; ".join(f"{one.target.label}: {one.diagnosis.state}" for one in found)
    hint = f"Offered are {', '.join(offered)}." if offered else "Nothing needs a remedy."
    return RefusedError(f"no target offers the remedy {name} ({states})", hint=hint)


def _result(found: Sequence[TargetRecovery]) -> RecoverResult:
    worst = max(found, key=lambda one: one.diagnosis.exit, default=None)
    if worst is None:
        return RecoverResult(0, ())
    return RecoverResult(
        worst.diagnosis.exit,
        tuple(found),
        worst.diagnosis,
        worst.evidence,
        worst.remedies,
        worst.recommended,
    )
