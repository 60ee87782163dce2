"""`stamp`: write version rows, with the schema as proof that they are true, or a reason to do without."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timezone

from alembic_safe.apply import Interrupts, settle_unfinished, take_locks
from alembic_safe.apply.version_rows import write_version_rows
from alembic_safe.bridge import Workers
from alembic_safe.errors import AlembicSafeError, DirtyTargetError, RefusedError
from alembic_safe.journal import Journal, open_journal
from alembic_safe.model.events import EventSink, Notice, ignore
from alembic_safe.model.identified import StampedTarget, StampResult
from alembic_safe.model.identity import Heads, Identity
from alembic_safe.model.results import Failure
from alembic_safe.model.runs import application_name
from alembic_safe.quick import dataclass
from alembic_safe.recovery.identity.naming import rows_for
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.aiming import aimed
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import Phases, new_run_id
from alembic_safe.workflow.examining import examine
from alembic_safe.workflow.identifying import identity_of
from alembic_safe.workflow.run_record import begun, unsettled


def stamp(settings: Settings, revisions: Sequence[str], *, sink: EventSink = ignore) -> StampResult:
    """Write `revisions` as the version rows of every target, if each one's schema proves them (or with `force`).

    The deploy locks are held from before the proof to after the reading back. Exit status 3, and nothing written
    anywhere, where one of the targets has no proof.
    """
    with (
        Interrupts() as interrupts,
        Workers(sink, start_timeout=settings.project.start_timeout) as workers,
        ExitStack() as stack,
    ):
        stamping = _Stamping(settings, tuple(revisions), workers, interrupts, Phases(sink), sink, stack)
        return stamping.run()


@dataclass(slots=True)
class _Stamping:
    settings: Settings
    revisions: tuple[str, ...]
    workers: Workers
    interrupts: Interrupts
    phases: Phases
    sink: EventSink
    stack: ExitStack

    def run(self) -> StampResult:
        sites = self._sites()
        rows = [rows_for(site.graph, self.revisions) for site in sites]
        self._lock(sites)
        for site, wanted in zip(sites, rows, strict=True):
            self._refuse_orphans(site)
            self._refuse_half(site, wanted)
        with self.phases.phase("identify", "comparing the schema with the history"):
            proofs = [
                identity_of(
                    self.settings,
                    self.workers,
                    site,
                    sink=self.sink,
                    tick=self.interrupts.check,
                    wanted=wanted,
                )
                for site, wanted in zip(sites, rows, strict=True)
            ]
        lacking = [(s, r, p) for s, r, p in zip(sites, rows, proofs, strict=True) if not proven(p, r)]
        if lacking and self.settings.force is None:
            targets = tuple(
                StampedTarget(site.summary(), None, proof.stamped, proof.stamped, proof)
                for site, proof in zip(sites, proofs, strict=True)
            )
            return self._result(targets, _no_proof(*lacking[0]))
        self.interrupts.check()
        with self.phases.phase("stamp", "writing the version rows"):
            stamped = tuple(
                write_rows(self.settings, site, wanted, proof, sink=self.sink)
                for site, wanted, proof in zip(sites, rows, proofs, strict=True)
            )
        return self._result(stamped, None)

    def _sites(self) -> list[Site]:
        with self.phases.phase("probe", "looking at the project and its targets"):
            probed = asking.ask(
                self.settings,
                self.workers,
                "heads",
                "upgrade",
                listing=False,
                digest=True,
                sink=self.sink,
                tick=self.interrupts.check,
            )
        sites = asking.open_sites(probed, self.settings.control, read_only=False)
        self.stack.callback(asking.close_sites, sites)
        return aimed(sites, self.settings.target)

    def _lock(self, sites: Sequence[Site]) -> None:
        locks = [
            database.deploy_lock(
                [site.target.version_table for site in sites if site.database is database],
                lease_schema=self.settings.journal.schema,
            )
            for database in asking.databases_of(sites)
        ]
        with self.phases.phase("lock", "taking the deploy lock"):
            take_locks(locks, wait=self.settings.apply.wait, sink=self.sink, tick=self.interrupts.check)
        for lock in locks:
            self.stack.callback(lock.release)

    def _refuse_orphans(self, site: Site) -> None:
        """What the server still does for a dead run may change the schema after it was compared."""
        journal = open_journal(site.database, self.settings.journal, create=False)
        if journal is None:
            return
        try:
            for history in journal.unfinished_runs(str(site.target.version_table)):
                found = site.database.sessions(application_name(history.run.id))
                if found:
                    raise DirtyTargetError(
                        f"session {found[0].pid} of run {history.run.id}, whose process is dead, is still open, and may"
                        " change the schema yet",
                        hint="`alembic-safe recover --apply end-session` ends it, then stamp.",
                    )
        finally:
            journal.close()

    def _refuse_half(self, site: Site, rows: Heads) -> None:
        """Rows are in no schema: that it is a revision's does not tell what a dead run of it had yet to write."""
        if self.settings.force is not None:
            return
        journal = open_journal(site.database, self.settings.journal, create=False)
        if journal is None:
            return
        try:
            half = examine(self.settings, site, journal, ours=True)[0].half
        finally:
            journal.close()
        if half is not None and half.run and half.revision in site.graph.reached(rows):
            raise DirtyTargetError(
                f"revision {half.revision} of run {half.run} is half applied, and a schema does not prove the rows that"
                " it was to write",
                hint="`alembic-safe recover` says what of it stands, and how to finish it;"
                " `stamp --force=<reason>` writes the version rows all the same.",
            )

    def _result(self, targets: tuple[StampedTarget, ...], error: AlembicSafeError | None) -> StampResult:
        return StampResult(
            exit=error.exit_status if error else 0,
            revision=" ".join(self.revisions),
            targets=targets,
            durations=self.phases.durations,
            error=Failure.of(error) if error else None,
        )


def write_rows(
    settings: Settings, site: Site, rows: Heads, proof: Identity, *, sink: EventSink
) -> StampedTarget:
    """One target: what a dead run left is settled, the run journalled, the rows written and read back.

    The caller holds the deploy lock since before the proof. Without proof the settings say why it is not needed.
    """
    forced = None if proven(proof, rows) else settings.force
    journal = open_journal(site.database, settings.journal, create=True)
    try:
        why = forced or f"the schema is that of {', '.join(rows) or 'base'}"
        for sentence in settle_unfinished(
            site.database,
            journal,
            str(site.target.version_table),
            proof.stamped or (),
            site.graph.reached(proof.stamped or ()),
            repaired=f"stamped: {why}",
        ):
            sink(Notice(sentence))
        run = _journalled(site, journal, proof, rows, forced)
    finally:
        journal.close()
    return StampedTarget(site.summary(), run, proof.stamped, rows, proof, forced)


def _journalled(site: Site, journal: Journal, proof: Identity, rows: Heads, forced: str | None) -> str:
    began = datetime.now(timezone.utc)
    allowances = (
        *((("force", forced),) if forced else ()),
        *unsettled(journal, str(site.target.version_table)),
    )
    record = begun(site, new_run_id(began), "stamp", began, backup=None, allowances=allowances)
    # as they were under the lock
    record = replace(record, heads_before=proof.stamped)
    journal.begin_run(record)
    try:
        write_version_rows(site.database, site.target, proof.stamped, rows)
    except AlembicSafeError as error:
        journal.end_run(
            record.id,
            outcome="failed",
            heads_after=proof.stamped,
            error=error.message,
            ended=datetime.now(timezone.utc),
        )
        raise
    journal.end_run(record.id, outcome="done", heads_after=rows, error=None, ended=datetime.now(timezone.utc))
    return record.id


def proven(proof: Identity, rows: Heads) -> bool:
    """Whether the schema is that of these version rows."""
    return rows in proof.equal or (proof.to_wanted is not None and proof.to_wanted.equal)


def _no_proof(site: Site, rows: Heads, proof: Identity) -> RefusedError:
    wanted = ", ".join(rows) or "base"
    hint = "`--force=REASON` writes it all the same, and the reason to the journal."
    if proof.why_not:
        return RefusedError(
            f"there is no proof that {site.target.label} is at {wanted}: {proof.why_not}", hint=hint
        )
    if proof.equal:
        at = " or ".join(", ".join(heads) or "base" for heads in proof.equal)
        said = f"the schema of {site.target.label} is that of {at}, not of {wanted}"
        first = ", ".join(proof.equal[-1]) or "base"
        return RefusedError(said, hint=f"`alembic-safe stamp {first}` would write that. {hint}")
    count = len(proof.to_wanted.differences) if proof.to_wanted else 0
    said = (
        f"the schema of {site.target.label} differs from that of {wanted} in {count} part{'' if count == 1 else 's'}"
        if count
        else f"{wanted} could not be replayed, so that nothing proves it"
    )
    return RefusedError(said, hint=hint)
