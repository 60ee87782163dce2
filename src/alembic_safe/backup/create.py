"""Make a backup: dump, read the dump whole, checksum it, write the manifest, name it. All or nothing."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path

from alembic_safe.backup.encryption import encrypt_folder, options_for, read_recipients
from alembic_safe.backup.files import checksum, size_of, walk, write_whole
from alembic_safe.backup.manifest import encode
from alembic_safe.backup.moving import moving
from alembic_safe.backup.store import COPY, DUMP, MANIFEST, new_id
from alembic_safe.backup.stores import open_store
from alembic_safe.backup.stores.folder import no_room
from alembic_safe.databases import wal_position
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import MANIFEST_FORMAT, BackupFile, Manifest, TableContent
from alembic_safe.model.events import BackupProgress, EventSink, ignore
from alembic_safe.model.policies import BackupPolicy
from alembic_safe.model.protocols import Database, Dump
from alembic_safe.model.targets import DatabaseFacts

Tick = Callable[[], None]
Heads = Mapping[str, tuple[str, ...] | None]


def create_backup(
    database: Database,
    *,
    policy: BackupPolicy,
    run: str | None,
    heads: Heads,
    sink: EventSink = ignore,
    tick: Tick = lambda: None,
) -> Manifest:
    """Make a full backup of `database` in the policy's store and read it back.

    `heads` are the rows by version table, for the manifest. `tick` is called several times a second and may
    raise to stop. After any exception nothing is left of it. Raises `BackupError`, or `UnreachableError`.
    """
    store = open_store(policy)
    read_recipients(policy.recipients)
    facts = database.facts
    tool = database.dump_tool(policy.bindir)
    store.prepare(facts.size)
    began = datetime.now(timezone.utc)
    identifier = new_id(began, _name(facts))
    progress = _Progress(sink, tick)
    uploaded = moving("upload", sink, tick)
    try:
        with store.writing(identifier, uploaded) as folder:
            position = wal_position(database)
            files, tables = _dump(tool, folder, policy, progress)
            manifest = Manifest(
                format=MANIFEST_FORMAT,
                id=identifier,
                engine="sqlite" if tool.engine == "sqlite" else "pg_dump",
                scope="full",
                run=run,
                database=facts.database,
                address=facts.address,
                server_version=facts.version,
                tool=tool.engine,
                tool_version=tool.version,
                heads=dict(heads),
                began=began,
                ended=datetime.now(timezone.utc),
                size=sum(file.size for file in files),
                files=files,
                tables=tables,
                position=position,
                compression=policy.compression if tool.engine == "pg_dump" else "none",
                read=True,
                options=options_for(policy.recipients),
            )
            text = encode(manifest)
            write_whole(folder / MANIFEST, text)
            write_whole(folder / COPY, text)
    except (OSError, BackupError) as error:
        raise _explained(error, policy.directory, facts) from error
    return manifest


def _dump(
    tool: Dump, folder: Path, policy: BackupPolicy, progress: _Progress
) -> tuple[tuple[BackupFile, ...], tuple[TableContent, ...]]:
    progress.watch(folder)
    progress.begin("dump")
    tool.write(folder / DUMP, jobs=policy.jobs, compression=policy.compression, tick=progress)
    progress.begin("read")
    tables = tool.read(folder / DUMP, tick=progress)
    if policy.recipients:
        progress.begin("encrypt")
        encrypt_folder(folder / DUMP, policy.recipients, progress)
    progress.begin("checksum")
    names = [f"{DUMP}/{name}" for name, _ in walk(folder / DUMP)]
    return tuple(checksum(folder, name, progress) for name in names), tables


class _Progress:
    """Passes ticks on, and tells the sink five times a second how far we are."""

    def __init__(self, sink: EventSink, tick: Tick) -> None:
        self._folder: Path | None = None
        self._sink, self._tick = sink, tick
        self._began = self._told = time.monotonic()
        self._phase = ""
        self._size = 0

    def watch(self, folder: Path) -> None:
        """Tell the size of this folder from now on."""
        self._folder = folder

    def begin(self, phase: str) -> None:
        self._phase = phase
        self._tell()

    def __call__(self) -> None:
        self._tick()
        if time.monotonic() - self._told >= 0.2:
            self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        if self._folder is not None and self._phase != "checksum":  # nothing grows any more
            self._size = size_of(self._folder)
        self._sink(BackupProgress(self._phase, self._size, self._told - self._began))


def _name(facts: DatabaseFacts) -> str:
    return Path(facts.database).stem if facts.dialect == "sqlite" else facts.database


def _explained(error: OSError | BackupError, directory: Path, facts: DatabaseFacts) -> BackupError:
    """A full disk is named as such, whoever met it: us, pg_dump or SQLite."""
    if isinstance(error, BackupError):
        said = f"{error.message}\n{error.detail or ''}".lower()
        if "no space left" not in said and "disk is full" not in said and "quota exceeded" not in said:
            return error
    elif error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return BackupError(
            f"the backup cannot be written to {directory}: {(error.strerror or str(error)).lower()}",
            hint="Set `backup-dir` to a folder that this user can write.",
        )
    explained = no_room(directory, facts.size)
    explained.detail = getattr(error, "detail", None) or str(error)
    return explained
