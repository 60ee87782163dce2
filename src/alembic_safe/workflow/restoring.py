"""`backup restore`: choose a backup, say what would be lost, restore it beside, put it in the target's place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import field
from datetime import datetime, timezone
from pathlib import Path

from alembic_safe.apply import Interrupts, take_locks
from alembic_safe.backup import list_backups, open_store
from alembic_safe.backup.moving import moving
from alembic_safe.backup.reading import dump_at_hand
from alembic_safe.backup.restore.loading import Stopwatch
from alembic_safe.backup.restore.proof import keep_proof, proof_of
from alembic_safe.backup.store import Store
from alembic_safe.bridge import Workers
from alembic_safe.databases import open_database
from alembic_safe.errors import AlembicSafeError, BackupError, RefusedError, UsageError
from alembic_safe.model.backups import Manifest
from alembic_safe.model.events import EventSink, Notice, ignore
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.protocols import Database, DeployLock
from alembic_safe.model.restores import Loaded, RestorePlan, RestoreProof
from alembic_safe.model.results import BackupListing, RestoreResult
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.quick import dataclass
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import Phases
from alembic_safe.workflow.restore_journal import RestoreJournal

Confirm = Callable[[RestorePlan], bool]


def restore_backup(
    settings: Settings, backup_id: str | None, *, confirm: Confirm | None = None, sink: EventSink = ignore
) -> RestoreResult:
    """Restore a backup, by default the newest of the target, into the target's place or beside it.

    `confirm` is asked before the target is replaced, unless the settings say yes; without it nothing is done.
    Raises `RefusedError` with nothing changed, `BackupError` where the backup or its restoring is at fault.
    """
    if settings.restore.server is not None and settings.restore.beside is None:
        raise UsageError(
            "a target is replaced where it is, and not on the server of --restore-url",
            hint="Give --beside NAME to restore on that server.",
        )
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        work = Restoration(settings, interrupts, Phases(sink), sink, confirm, stack)
        work.find(backup_id)
        if work.manifest.engine == "external":
            raise RefusedError(
                f"backup {work.manifest.id} was made by a command of yours, and only that tool restores it",
                hint="`alembic-safe backup list --verbose` shows its id and the point to recover to.",
            )
        if work.database.facts.dialect == "sqlite":
            from alembic_safe.workflow.restoring_file import restore_file

            return restore_file(work)
        from alembic_safe.workflow.restoring_server import restore_on_server

        return restore_on_server(work)


@dataclass(slots=True)
class Restoration:
    """One restore on its way: what it was told, what it found, what must be given back at its end."""

    settings: Settings
    interrupts: Interrupts
    phases: Phases
    sink: EventSink
    confirm: Confirm | None
    stack: ExitStack
    began: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    watch: Stopwatch = field(default_factory=Stopwatch)
    sites: list[Site] = field(default_factory=list)
    _database: Database | None = None
    _listing: BackupListing | None = None

    @property
    def database(self) -> Database:
        """Our connection to the database that the backup belongs to, as long as there is one."""
        assert self._database is not None
        return self._database

    @property
    def manifest(self) -> Manifest:
        """The chosen backup's."""
        assert self._listing is not None
        return self._listing.manifest

    @property
    def store(self) -> Store:
        return open_store(self.settings.backup)

    @property
    def here(self) -> list[Site]:
        """The targets of that database."""
        return [site for site in self.sites if site.database is self._database]

    @property
    def parameters(self) -> ConnectParameters:
        """How that database is reached."""
        if self.here:
            return self.here[0].target.parameters
        return ConnectParameters("postgresql", "psycopg", self.control.keywords or {})

    @property
    def control(self) -> ControlPolicy:
        """How our connections are made: to the target, unless another server was named for this restore."""
        return self.settings.elsewhere() or self.settings.control

    def result(
        self,
        plan: RestorePlan,
        loaded: Loaded,
        heads: Mapping[str, tuple[str, ...] | None],
        *,
        run: str | None = None,
        copy_back: tuple[str, ...] = (),
    ) -> RestoreResult:
        """What a restore that went well returns; `run` is the one it is journalled as, where it is."""
        return RestoreResult(
            exit=0,
            backup=plan.backup,
            target=plan.target,
            database=plan.database,
            kept=plan.kept,
            heads=next(iter(heads.values()), None),
            tables=loaded.tables,
            rows=loaded.rows,
            durations=dict(self.watch.durations),
            since=plan.since,
            stays=plan.stays,
            notes=loaded.notes,
            run=run,
            copy_back=copy_back,
        )

    def read_back(self, database: Database, journal: RestoreJournal) -> Mapping[str, tuple[str, ...] | None]:
        """The heads in what now stands in the target's place, the journal's runs ended by what they say.

        Raises `BackupError` where they are not the backup's.
        """
        tables = [site.target.version_table for site in self.here]
        heads = {str(table): database.read_heads(table) for table in tables}
        for table, rows in heads.items():
            then = self.manifest.heads.get(table, rows)
            if tuple(sorted(then or ())) != tuple(sorted(rows or ())):
                error = BackupError(
                    f"{database.facts.database} is at {rows} after the restore, and the backup was at {then}",
                    hint="See `alembic-safe status`.",
                )
                journal.fail(database, error)
                raise error
        journal.done(database, heads)
        return heads

    def tick(self) -> None:
        """Stop on a signal; keep our connection alive."""
        self.interrupts.check()
        if self._database is not None:
            self._database.ping()

    def find(self, backup_id: str | None) -> None:
        """Ask the project for its databases, and find the backup and the database it belongs to."""
        if self.settings.elsewhere() is not None:
            # the way when the target is gone: nobody needs to reach it
            self._listing = self._choose(backup_id)
            if self.manifest.engine == "sqlite":
                raise UsageError(
                    f"backup {self.manifest.id} is of an SQLite file, which no server takes",
                    hint="Leave --restore-url out: --beside names a new file.",
                )
            self._database = self._open(self.parameters)
            return
        with self.phases.phase("probe", "finding the databases"):
            workers = self.stack.enter_context(
                Workers(self.sink, start_timeout=self.settings.project.start_timeout)
            )
            probed = asking.ask(
                self.settings,
                workers,
                "heads",
                "upgrade",
                listing=False,
                sink=self.sink,
                tick=self.interrupts.check,
            )
            self.sites = asking.open_sites(probed, self.settings.control, read_only=False)
            self.stack.callback(asking.close_sites, self.sites)
        self._listing = self._choose(backup_id)
        self._database = self._belonging()

    def _open(self, parameters: ConnectParameters) -> Database:
        database = open_database(parameters, policy=self.control)
        self.stack.callback(database.close)
        return database

    def _choose(self, backup_id: str | None) -> BackupListing:
        found, unreadable = list_backups(self.store)
        if backup_id is not None:
            for listing in found:
                if listing.manifest.id == backup_id:
                    return _good(listing)
            said = next((one for one in unreadable if one.startswith(f"{backup_id}: ")), None)
            raise BackupError(
                f"backup {said}" if said else f"there is no backup {backup_id} in {self.store.place}",
                hint="See `alembic-safe backup list`.",
            )
        addresses = {database.facts.address for database in asking.databases_of(self.sites)}
        return self._newest([one for one in found if one.manifest.address in addresses], addresses)

    def _newest(self, found: Sequence[BackupListing], addresses: Collection[str]) -> BackupListing:
        """The newest full one that nothing speaks against, its last restore neither."""
        skipped = ""
        for listing in found:
            if listing.manifest.scope != "full" or listing.faults:
                continue
            if listing.restored is None or listing.restored.good:
                return listing
            skipped = f"backup {listing.manifest.id} did not restore when that was last tried"
            self.sink(Notice(f"{skipped}: {listing.restored.faults[0]}; an older one is looked for"))
        raise BackupError(
            skipped
            or f"there is no full backup of {', '.join(sorted(addresses)) or 'the target'} in {self.store.place}",
            hint="Name one to restore it all the same: `alembic-safe backup list` shows what there is.",
        )

    def _belonging(self) -> Database:
        """The database of the backup: the same address, else the only one of the same name."""
        databases = asking.databases_of(self.sites)
        for database in databases:
            if database.facts.address == self.manifest.address:
                return database
        named = [one for one in databases if one.facts.database == self.manifest.database]
        if len(named) == 1 or (len(databases) == 1 and self.settings.restore.beside is not None):
            database = (named or databases)[0]
            said = f"the backup was made of {self.manifest.address}, and {database.facts.address} is restored"
            self.sink(Notice(said))
            return database
        raise RefusedError(
            f"backup {self.manifest.id} is of {self.manifest.address}, which env.py does not configure",
            hint="Restore it into a new database: `--beside NAME`.",
        )

    def say(self, plan: RestorePlan) -> None:
        """Say what is about to happen, and ask; raise `RefusedError` unless that is what is wanted."""
        if plan.kept is None:
            return
        minutes = (datetime.now(timezone.utc) - self.manifest.began).total_seconds() / 60
        since = (
            f"{minutes / 60:.1f} hours"
            if minutes > 90
            else f"{minutes:.0f} minutes"
            if minutes >= 2
            else "minute"
        )
        self.sink(
            Notice(
                f"backup {plan.backup} of {self.manifest.began:%Y-%m-%d %H:%M:%S} UTC takes the place of"
                f" {plan.target}; what was written in the {since} since will only be in {plan.kept}"
            )
        )
        for sentence in (*plan.since, *(f"does not follow: {one}" for one in plan.stays)):
            self.sink(Notice(sentence))
        for who in plan.sessions[:5]:
            self.sink(Notice(f"will be disconnected: {who}"))
        if self.settings.restore.yes:
            return
        if self.confirm is None:
            raise RefusedError(
                "nothing is asked where there is no terminal, so nothing was done",
                hint="When what is said above is meant, give `--yes`.",
            )
        if not self.confirm(plan):
            raise RefusedError(
                "nothing was done", hint="`--beside NAME` restores without replacing anything."
            )

    @contextmanager
    def dump(self) -> Iterator[Path]:
        """The backup's dump on this machine: checked against its checksums, fetched and decrypted."""
        store, manifest = self.store, self.manifest
        with ExitStack() as stack:
            with (
                self.phases.phase("verify", f"checking backup {manifest.id}"),
                self.watch.part("fetch"),
            ):
                moved = moving("fetch", self.sink, self.tick)
                opened = dump_at_hand(store, manifest, self.settings.backup.identity, self.tick, moved)
                folder = stack.enter_context(opened)
            yield folder

    def lock(self) -> DeployLock:
        """Take the deploy lock of every target of the database."""
        lock = self.database.deploy_lock(
            [site.target.version_table for site in self.here], lease_schema=self.settings.journal.schema
        )
        with self.phases.phase("lock", "taking the deploy lock"):
            take_locks([lock], wait=self.settings.apply.wait, sink=self.sink, tick=self.interrupts.check)
        self.stack.callback(lock.release)
        return lock

    def journal(self) -> RestoreJournal:
        """The journal of the restore, begun."""
        return RestoreJournal.begin(self.settings, self.here, self.manifest.id, self.began)

    def proof(self, loaded: Loaded, where: str) -> RestoreProof:
        """Write down beside the backup that it can be restored, and how long that took."""
        proof = proof_of(self.manifest, loaded, where, self.watch.durations)
        with suppress(AlembicSafeError):
            keep_proof(self.store, proof)
        return proof


def not_read_back(plan: RestorePlan, error: AlembicSafeError) -> AlembicSafeError:
    """The error after a swap that was made: which one bears the name, and where the old one is."""
    return type(error)(
        f"{plan.target} is the restored one now, but it could not be read back: {error.message}",
        hint=f"The old one stands as {plan.kept}; it was not touched. {error.hint}",
        detail=error.detail,
    )


def _good(listing: BackupListing) -> BackupListing:
    if listing.faults:
        raise BackupError(
            f"backup {listing.manifest.id} was found not good: {listing.faults[0]}",
            hint="Choose another: `alembic-safe backup list`.",
            detail="\n".join(listing.faults),
        )
    return listing
