"""`backup create|list|verify`."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timezone
from functools import partial

from alembic_safe.apply import Interrupts
from alembic_safe.backup import find_backup, open_store
from alembic_safe.backup import list_backups as listed
from alembic_safe.backup.catalogue import listing_of
from alembic_safe.backup.verify import checking
from alembic_safe.bridge import Workers
from alembic_safe.bridge.probe import Probed
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import Verification
from alembic_safe.model.events import EventSink, ignore
from alembic_safe.model.findings import JudgedPlan
from alembic_safe.model.protocols import Database
from alembic_safe.model.results import BackupListing, BackupResult, Failure
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.context import Phases
from alembic_safe.workflow.making import make_backup, renewed, summary
from alembic_safe.workflow.proving import not_restored, prove


def create_backup(settings: Settings, *, sink: EventSink = ignore) -> BackupResult:
    """Back up every database that env.py configures, now. Raises `BackupError` at the first that fails."""
    phases = Phases(sink)
    policy = settings.backup
    listing = policy.scope in ("touched", "schema")  # they depend on what is pending
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        workers = stack.enter_context(Workers(sink, start_timeout=settings.project.start_timeout))

        def ask(listing: bool) -> list[Probed]:
            return asking.ask(
                settings, workers, "heads", "upgrade", listing=listing, sink=sink, tick=interrupts.check
            )

        def renew(site: asking.Site) -> Database:
            return renewed(ask(False), site, settings.control)

        with phases.phase("probe", "finding the databases"):
            probed = ask(listing)
        sites = asking.open_sites(probed, settings.control, read_only=not policy.command)
        stack.callback(asking.close_sites, sites)
        made: list[BackupListing] = []
        for database in asking.databases_of(sites):
            here = [site for site in sites if site.database is database]
            with phases.phase("backup", f"backing up {database.facts.address}") as result:
                manifest = make_backup(
                    database,
                    policy=policy,
                    run=None,
                    heads={str(site.target.version_table): site.target.heads for site in here},
                    plans=_plans(settings, here) if listing else None,
                    renew=partial(renew, here[0]),
                    sink=sink,
                    tick=interrupts.check,
                )
                result.append(summary(manifest))
            made.append(find_backup(open_store(policy), manifest.id))
    return BackupResult(0, "create", tuple(made))


def _plans(settings: Settings, sites: list[asking.Site]) -> list[JudgedPlan]:
    from alembic_safe.workflow.gating import judged_site

    return [judged_site(settings, site, None).plan for site in sites if site.pending]


def list_backups(settings: Settings) -> BackupResult:
    """The backups in the store, newest first."""
    found, unreadable = listed(open_store(settings.backup))
    return BackupResult(0, "list", found, unreadable=unreadable)


def verify_backup(settings: Settings, backup_id: str | None, *, sink: EventSink = ignore) -> BackupResult:
    """Verify one backup, by default the newest; exit status 7 when a fault is found."""
    store = open_store(settings.backup)
    if backup_id is None:
        found, _ = listed(store)
        if not found:
            raise BackupError(
                f"there is no backup in {store.place}", hint="Make one: `alembic-safe backup create`."
            )
        backup_id = found[0].manifest.id
    with ExitStack() as stack:
        interrupts, phases = stack.enter_context(Interrupts()), Phases(sink)
        with phases.phase("verify", f"verifying {backup_id}"):
            opened = checking(
                store,
                backup_id,
                bindir=settings.backup.bindir,
                identity=settings.backup.identity,
                sink=sink,
                tick=interrupts.check,
            )
            checked = stack.enter_context(opened)
        verification, proof = checked.verification, None
        if verification.good and settings.restore.try_it:
            with phases.phase("restore", f"restoring {backup_id} into a scratch database"):
                proof = prove(settings, store, checked, sink=sink, tick=interrupts.check)
    if verification.good and checked.manifest is not None:
        listing = listing_of(store, checked.manifest, verification, proof)
        error = None if proof is None or proof.good else not_restored(proof)
        error = error or _too_old(settings, listing)
        return BackupResult(
            error.exit_status if error else 0,
            "verify",
            (listing,),
            (verification,),
            error=Failure.of(error) if error else None,
            proofs=() if proof is None else (proof,),
        )
    error = _not_good(verification)
    return BackupResult(error.exit_status, "verify", (), (verification,), error=Failure.of(error))


def _too_old(settings: Settings, listing: BackupListing) -> BackupError | None:
    """Its age counts from its begin: what was written after that is not in it."""
    age = (datetime.now(timezone.utc) - listing.manifest.began).total_seconds()
    if settings.max_age is None or age <= settings.max_age:
        return None
    return BackupError(
        f"backup {listing.manifest.id} is good, but {age / 3600:.1f} h old, and {settings.max_age / 3600:.1f} h"
        " are allowed",
        hint="Make another: `alembic-safe backup create`. Does what should make them run?",
    )


def _not_good(verification: Verification) -> BackupError:
    first, more = verification.faults[0], len(verification.faults) - 1
    return BackupError(
        f"backup {verification.backup} is not good: {first}" + (f", and {more} more" if more else ""),
        hint="Do not rely on it: make another with `alembic-safe backup create`.",
    )
