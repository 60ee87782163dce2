"""A remedy carried out: lock, evidence once more, a backup that stands, the journal, the change, the evidence again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from alembic_safe.apply import settle_unfinished, take_locks
from alembic_safe.backup import list_backups, open_store
from alembic_safe.backup.checking import check_files
from alembic_safe.databases import open_database
from alembic_safe.errors import (
    AlembicSafeError,
    DirtyTargetError,
    RefusedError,
    RevisionFailedError,
    UsageError,
)
from alembic_safe.journal import Journal, open_journal
from alembic_safe.model.backups import Manifest
from alembic_safe.model.protocols import Database
from alembic_safe.model.recovery import Diagnosis, Remedy, TargetRecovery
from alembic_safe.model.runs import RECOVERS, RunOutcome, RunRecord
from alembic_safe.recovery.proving import provable
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import new_run_id
from alembic_safe.workflow.identifying import identity_of
from alembic_safe.workflow.making import make_backup, summary
from alembic_safe.workflow.run_record import begun

if TYPE_CHECKING:
    from alembic_safe.workflow.recovering import Recovery

# what changes the database itself, so that a way back must stand
_CHANGING = ("resume", "roll-back", "merge-rows", "clean-debris")


class Remedying:
    """One remedy on one target, as it was `found`."""

    def __init__(self, recovery: Recovery, site: Site, found: TargetRecovery, remedy: Remedy) -> None:
        self.recovery = recovery
        self.settings = recovery.settings
        self.remedy = remedy
        self.site = site
        self.found = found
        self.backup: Manifest | None = None

    @property
    def database(self) -> Database:
        return self.site.database

    @property
    def target(self) -> str:
        return str(self.site.target.version_table)

    def work(self) -> tuple[str | None, str | None]:
        """Carry it out; the run it is journalled as, and the backup that stood. Raises what stops it."""
        if self.remedy.name == "declare-repaired" and self.settings.recovery.because is None:
            raise UsageError(
                "declare-repaired takes a reason", hint="Give `--because='what was done'`: it is journalled."
            )
        if self.remedy.name == "restore":
            return self._restore()
        if self.remedy.name == "stamp":
            return self._stamp()
        lock = self.database.deploy_lock(
            [self.site.target.version_table], lease_schema=self.settings.journal.schema
        )
        with self.recovery.phases.phase("lock", "taking the deploy lock"):
            take_locks(
                [lock],
                wait=self.settings.apply.wait,
                sink=self.recovery.sink,
                tick=self.recovery.tick,
            )
        try:
            return self._locked()
        finally:
            lock.release()

    def _locked(self) -> tuple[str | None, str | None]:
        found = self._look_again()
        if self.remedy.name in _CHANGING:
            self.backup = self._standing_backup(found)
        self.recovery.interrupts.check()
        journal = open_journal(self.database, self.settings.journal, create=True)
        try:
            run = self._carry_out(journal, found)
        finally:
            journal.close()
        return run, self.backup.id if self.backup is not None else None

    def _look_again(self) -> TargetRecovery:
        """The evidence under the lock. Raises `RefusedError` where it no longer offers the same."""
        found = self.recovery.found(self.site, ours=True)
        now = next((one for one in found.remedies if one.name == self.remedy.name), None)
        if now is None or not now.possible or now.sql != self.remedy.sql or now.steps != self.remedy.steps:
            raise RefusedError(
                f"the target changed while the lock was taken: it is {found.diagnosis.state} now",
                hint="Run `alembic-safe recover` again, and choose anew.",
            )
        return found

    def _carry_out(self, journal: Journal, found: TargetRecovery) -> str | None:
        heads = found.evidence.heads or ()
        # what a dead run left without an end is closed as what it is; its sessions are ended
        for sentence in settle_unfinished(
            self.database,
            journal,
            self.target,
            heads,
            self.site.graph.reached(heads),
            repaired=self.remedy.name,
        ):
            self.recovery.say(sentence)
        if self.remedy.name == "resume":
            from alembic_safe.workflow.resuming import resume

            run = resume(self, found, journal)
            try:
                self._compare(found)
            except DirtyTargetError:
                raise
            except AlembicSafeError as failed:
                raise self._stopped(failed) from failed
            return run
        record = self.record("recover", found)
        journal.begin_run(record)
        try:
            self.execute()
            outcome, error = self._proven(record)
        except AlembicSafeError as failed:
            self._end(journal, record.id, "dirty" if record.recovers else "failed", failed.message)
            raise self._stopped(failed) from failed
        self._end(journal, record.id, outcome, error)
        return record.id

    def execute(self) -> None:
        """Run the remedy's statements. A signal cancels the one that runs, and no further one is begun.

        Raises what stopped it; from here on the command looks at the target whatever comes.
        """
        recovery, database = self.recovery, self.database
        recovery.begun = True
        recovery.interrupts.also = database.interrupt
        try:
            execute_all(
                database,
                self.site,
                self.remedy.sql,
                self.settings.apply.guard.lock_timeout,
                self._stop_if_interrupted,
            )
        except AlembicSafeError:
            self._stop_if_interrupted()  # it failed for the signal
            raise
        finally:
            recovery.interrupts.also = None

    def _stop_if_interrupted(self) -> None:
        if self.recovery.interrupts.count:
            raise RevisionFailedError(f"interrupted by {self.recovery.interrupts.name}")

    def _stopped(self, failed: AlembicSafeError) -> DirtyTargetError:
        return DirtyTargetError(
            f"{self.remedy.name} did not come to its end: {failed.message}",
            hint="`alembic-safe recover` shows what stands now.",
        )

    def _compare(self, found: TargetRecovery) -> None:
        """Where names alone told what stood, the whole schema is compared once the rest has been run."""
        half = found.evidence.half
        if half is None or half.run:
            return
        with self.recovery.phases.phase("identify", "comparing the schema with the history"):
            known = identity_of(
                self.settings,
                self.recovery.workers,
                self.site,
                sink=self.recovery.sink,
                tick=self.recovery.tick,
            )
        told = known.to_stamped
        if told is None:
            self.recovery.say(
                f"the schema could not be compared: {known.why_not or 'no such state was replayed'}"
            )
        elif told.differences:
            raise DirtyTargetError(
                f"revision {half.revision} is finished, and the schema is not what it should be then:"
                f" {told.differences[0]}"
                + (f" and {len(told.differences) - 1} more" if told.differences[1:] else ""),
                hint="`alembic-safe identify` shows what differs, as objects and as SQL.",
            )

    def _proven(self, record: RunRecord) -> tuple[RunOutcome, str | None]:
        """Whether the evidence shows what the remedy promised, read before the run is closed as done."""
        if self.remedy.name == "declare-repaired":
            return "done", None
        found = self.recovery.found(self.site, ours=True)
        now = found.diagnosis
        if self.remedy.name == "merge-rows" and not found.evidence.overlaps:
            return "done", None  # what env.py made of the rows was said before; it is asked again at the end
        return came_to(self.remedy, record, now)

    def record(self, command: str, found: TargetRecovery) -> RunRecord:
        """The run of this remedy, to be entered."""
        now = datetime.now(timezone.utc)
        backup = self.backup.id if self.backup is not None else None
        return begun(self.site, new_run_id(now), command, now, backup=backup, allowances=self.remarks(found))

    def remarks(self, found: TargetRecovery) -> tuple[tuple[str, str], ...]:
        """What the journal says of the run besides: the remedy, what it is about, why, and its SQL."""
        last = found.evidence.last_run
        half = found.evidence.half
        about = ((RECOVERS, last.run.id),) if last is not None and half is not None and half.run else ()
        if self.remedy.name == "declare-repaired" and last is not None:
            about = ((RECOVERS, last.run.id),)
        because = self.settings.recovery.because
        return (
            ("remedy", self.remedy.name),
            *about,
            *((("because", because),) if because else ()),
            *(("sql", sql) for sql in self.remedy.sql),
        )

    def _end(self, journal: Journal, run: str, outcome: RunOutcome, error: str | None) -> None:
        journal.end_run(
            run,
            outcome=outcome,
            heads_after=self.database.read_heads(self.site.target.version_table) or (),
            error=error,
            ended=datetime.now(timezone.utc),
        )

    def _standing_backup(self, found: TargetRecovery) -> Manifest | None:
        """The backup that the run made, if it is sound; else one is made now. None where none is wanted."""
        policy, recovery = self.settings.backup, self.recovery
        half = found.evidence.half
        # what raw alembic began was not preceded by a backup of ours
        named = found.evidence.backup if half is None or half.run else None
        store = open_store(policy)
        listed, _ = list_backups(store)
        made = next((one for one in listed if one.manifest.id == named and not one.faults), None)
        if made is not None and not check_files(
            store, made.manifest.id, made.manifest, recovery.interrupts.check
        ):
            recovery.say(f"backup {made.manifest.id}, made before the run, stands")
            return made.manifest
        if policy.skip_reason is not None:
            recovery.say(f"no backup is made: {policy.skip_reason}")
            return None
        with recovery.phases.phase("backup", f"backing up {self.database.facts.address}") as result:
            manifest = make_backup(
                self.database,
                policy=policy,
                run=None,
                heads={self.target: self.site.target.heads},
                plans=None,
                renew=partial(open_database, self.site.target.parameters, policy=self.settings.control),
                sink=recovery.sink,
                tick=recovery.interrupts.check,
            )
            result.append(summary(manifest))
        return manifest

    def _stamp(self) -> tuple[str | None, str | None]:
        """By `stamp`, which takes the lock, has the proof again, writes, reads back and journals by itself."""
        from alembic_safe.workflow.stamping import stamp

        rows, why = provable(self.found.evidence)
        if rows is None:
            raise RefusedError(f"stamp: {why}", hint="Run `alembic-safe recover` again.")
        self.recovery.close()
        settings = replace(self.settings, target=self.found.aim or self.settings.target)
        done = stamp(settings, rows or ("base",), sink=self.recovery.sink)
        if done.error is not None:
            raise RefusedError(done.error.message, hint=done.error.hint)
        return next((one.run for one in done.targets if one.run is not None), None), None

    def _restore(self) -> tuple[str | None, str | None]:
        """By `backup restore`, which takes the lock, asks, compares, swaps and journals by itself."""
        from alembic_safe.workflow.restoring import restore_backup

        evidence = self.found.evidence
        self.recovery.close()
        settings = replace(self.settings, restore=replace(self.settings.restore, beside=None))
        done = restore_backup(
            settings, evidence.backup, confirm=self.recovery.confirm, sink=self.recovery.sink
        )
        for sentence in done.notices:
            self.recovery.notices.append(sentence)
        return done.run, evidence.backup


def came_to(remedy: Remedy, record: RunRecord, now: Diagnosis) -> tuple[RunOutcome, str | None]:
    """The outcome of the remedy's run `record`, and what went wrong, by what is true `now`. Pure."""
    if record.recovers is not None and now.state in ("half applied", "outcome unknown"):
        # what it was about still stands, and a run that is done would hide it
        return "dirty", f"{remedy.name} was carried out, and the target is {now.state}"
    if now.state in remedy.leads_to or (remedy.name == "close" and now.exit == 5):
        return "done", None
    return "dirty", f"{remedy.name} did not lead out: {now.state}"


def execute_all(
    database: Database, site: Site, sql: tuple[str, ...], lock_timeout: float, tick: Callable[[], None]
) -> None:
    """Run statements one by one, each by itself, as the role that runs the revisions; `tick` before each."""
    server = database.facts.dialect == "postgresql"
    role = site.target.role
    other = server and bool(role) and role != database.facts.user
    try:
        if other:
            quoted = role.replace('"', '""')
            database.execute(f'SET ROLE "{quoted}"')
        for one in sql:
            tick()
            if server:
                # a short one would make a concurrent statement leave debris of its own
                wait = 0 if "CONCURRENTLY" in one else int(lock_timeout * 1000)
                database.execute(f"SET lock_timeout = {wait}")
            database.execute(one)
    finally:
        if server:
            with suppress(AlembicSafeError):
                database.execute("SET lock_timeout = '30s'")
        if other:
            with suppress(AlembicSafeError):
                database.execute("RESET ROLE")
