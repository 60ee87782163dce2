"""`backup create|list|verify`."""

from __future__ import annotations

from contextlib import ExitStack

from alembic_safe.apply import Interrupts
from alembic_safe.backup import create_backup as make
from alembic_safe.backup import find_backup, open_store
from alembic_safe.backup import list_backups as listed
from alembic_safe.backup import verify_backup as verify
from alembic_safe.bridge import Workers
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import Verification
from alembic_safe.model.events import EventSink, ignore
from alembic_safe.model.results import BackupListing, BackupResult
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.concluding import as_failure
from alembic_safe.workflow.context import Phases


def create_backup(settings: Settings, *, sink: EventSink = ignore) -> BackupResult:
    """Back up every database that env.py configures, now. Raises `BackupError` at the first that fails."""
    phases = Phases(sink)
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        workers = stack.enter_context(Workers(sink, start_timeout=settings.project.start_timeout))
        with phases.phase("probe", "finding the databases"):
            probed = asking.ask(
                settings, workers, "heads", "upgrade", listing=False, sink=sink, tick=interrupts.check
            )
        sites = asking.open_sites(probed, settings.control, read_only=True)
        stack.callback(asking.close_sites, sites)
        made: list[BackupListing] = []
        for database in asking.databases_of(sites):
            heads = {str(s.target.version_table): s.target.heads for s in sites if s.database is database}
            with phases.phase("backup", f"backing up {database.facts.address}") as result:
                manifest = make(
                    database, policy=settings.backup, run=None, heads=heads, sink=sink, tick=interrupts.check
                )
                result.append(
                    f"{manifest.id}, {manifest.rows} row{'' if manifest.rows == 1 else 's'}, read whole"
                )
            made.append(find_backup(open_store(settings.backup), manifest.id))
    return BackupResult(0, "create", tuple(made))


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
    with Interrupts() as interrupts:
        phases = Phases(sink)
        with phases.phase("verify", f"verifying {backup_id}"):
            verification = verify(
                store, backup_id, bindir=settings.backup.bindir, sink=sink, tick=interrupts.check
            )
    if verification.good:
        return BackupResult(0, "verify", (find_backup(store, backup_id),), (verification,))
    error = _not_good(verification)
    return BackupResult(error.exit_status, "verify", (), (verification,), error=as_failure(error))


def _not_good(verification: Verification) -> BackupError:
    first, more = verification.faults[0], len(verification.faults) - 1
    return BackupError(
        f"backup {verification.backup} is not good: {first}" + (f", and {more} more" if more else ""),
        hint="Do not rely on it: make another with `alembic-safe backup create`.",
    )
