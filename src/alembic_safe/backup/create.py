"""Make a backup: dump, read the dump whole, checksum it, write the manifest, name it. All or nothing."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path

from alembic_safe.backup.choosing import FULL, Choice
from alembic_safe.backup.encryption import encrypt_folder, options_for, read_recipients
from alembic_safe.backup.files import checksum, walk, write_whole
from alembic_safe.backup.manifest import encode
from alembic_safe.backup.moving import moving
from alembic_safe.backup.progress import Progress
from alembic_safe.backup.sizes import expected_size, last_manifest
from alembic_safe.backup.store import COPY, DUMP, MANIFEST, Store, new_id
from alembic_safe.backup.stores import open_store
from alembic_safe.backup.stores.folder import no_room
from alembic_safe.databases import lacking_extensions, system_identifier, wal_position
from alembic_safe.errors import BackupError, CredentialsError
from alembic_safe.model.backups import (
    MANIFEST_FORMAT,
    WHOLE,
    BackupFile,
    DumpContent,
    Manifest,
    TableContent,
)
from alembic_safe.model.events import EventSink, Notice, ignore
from alembic_safe.model.policies import BackupPolicy
from alembic_safe.model.protocols import Database, Dump
from alembic_safe.model.targets import DatabaseFacts
from alembic_safe.quick import dataclass

Tick = Callable[[], None]
Heads = Mapping[str, tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows come from, if not from the database itself.

    `replica` is dumped in its stead. `renew` connects anew, with the credentials that env.py is given then: for
    a password or token that expired while the dump went on. `content` see `DumpContent`, `left_out` counts tables.
    """

    replica: Database | None = None
    renew: Callable[[], Database] | None = None
    content: DumpContent = WHOLE
    left_out: int = 0


def create_backup(
    database: Database,
    *,
    policy: BackupPolicy,
    run: str | None,
    heads: Heads,
    sink: EventSink = ignore,
    tick: Tick = lambda: None,
    choice: Choice = FULL,
    source: Source | None = None,
) -> Manifest:
    """Make a backup of `database` in the policy's store and read it back.

    `heads` are the rows by version table, for the manifest. `choice` says how much, and `source` from where.
    `tick` is called several times a second and may raise to stop. After any exception nothing is left of it.
    Raises `BackupError`, or `UnreachableError`.
    """
    read_recipients(policy.recipients)
    source = source or Source()
    store, facts = open_store(policy), database.facts
    dumped = source.replica or database
    tool = dumped.dump_tool(policy.bindir)
    tool.check(policy.compression)
    _tell_what_lacks(dumped, sink)
    store.prepare(facts.size if choice.scope == "full" else choice.reach.bytes)
    expected = _expected(store, facts, choice, policy)
    began = datetime.now(timezone.utc)
    identifier = new_id(began, _name(facts))
    progress = Progress(sink, tick, expected)
    uploaded = moving("upload", sink, tick)
    try:
        with store.writing(identifier, uploaded) as folder:
            position = wal_position(dumped)
            files, tables = _dump(tool, folder, policy, source, progress, sink)
            manifest = Manifest(
                format=MANIFEST_FORMAT,
                id=identifier,
                engine="sqlite" if tool.engine == "sqlite" else "pg_dump",
                scope=choice.scope,
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
                why=choice.why,
                way_back=choice.way_back,
                left_out=source.left_out,
                source=source.replica.facts.address if source.replica else "",
                system=system_identifier(database),
                database_size=facts.size,
            )
            write_manifest(folder, manifest)
    except (OSError, BackupError) as error:
        raise explained(error, policy.directory, facts) from error
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Both copies. Raises OSError."""
    text = encode(manifest)
    write_whole(folder / MANIFEST, text)
    write_whole(folder / COPY, text)


def _dump(
    tool: Dump,
    folder: Path,
    policy: BackupPolicy,
    source: Source,
    progress: Progress,
    sink: EventSink,
) -> tuple[tuple[BackupFile, ...], tuple[TableContent, ...]]:
    progress.watch(folder)
    progress.begin("dump")
    try:
        _write(tool, folder, policy, source, progress)
    except CredentialsError as error:
        if source.renew is None or source.replica is not None:
            raise
        sink(Notice(f"{error.message}; once more, with what env.py connects with now"))
        fresh = source.renew()
        try:
            shutil.rmtree(folder / DUMP)
            (folder / DUMP).mkdir(mode=0o700)
            _write(fresh.dump_tool(policy.bindir), folder, policy, source, progress)
        finally:
            fresh.close()
    progress.begin("read")
    tables = tool.read(folder / DUMP, tick=progress)
    if policy.recipients:
        progress.begin("encrypt")
        encrypt_folder(folder / DUMP, policy.recipients, progress)
    progress.begin("checksum")
    names = [f"{DUMP}/{name}" for name, _ in walk(folder / DUMP)]
    return tuple(checksum(folder, name, progress) for name in names), tables


def _write(tool: Dump, folder: Path, policy: BackupPolicy, source: Source, progress: Progress) -> None:
    tool.write(
        folder / DUMP,
        jobs=policy.jobs,
        compression=policy.compression,
        tick=progress,
        content=source.content,
    )


def _expected(store: Store, facts: DatabaseFacts, choice: Choice, policy: BackupPolicy) -> int | None:
    """How large it is likely to be. Raises `BackupError` when the disk has not room for that."""
    if choice.scope != "full":
        return None
    compression = policy.compression if facts.dialect == "postgresql" else "none"
    expected = expected_size(last_manifest(store, facts.address), facts, choice, compression)
    if expected is not None and shutil.disk_usage(policy.directory).free < expected * 0.9:
        raise no_room(policy.directory, facts.size)
    return expected


def _tell_what_lacks(database: Database, sink: EventSink) -> None:
    """The dump can be made, but not restored on this server: known now, and not when it is needed."""
    lacking = lacking_extensions(database)
    if lacking:
        sink(
            Notice(
                f"{database.facts.address} lacks the files of {', '.join(lacking)}: a backup of it cannot be restored"
                " there",
                "Install the extension's package on the server, or drop the extension if nothing uses it.",
            )
        )


def _name(facts: DatabaseFacts) -> str:
    return Path(facts.database).stem if facts.dialect == "sqlite" else facts.database


def explained(error: OSError | BackupError, directory: Path, facts: DatabaseFacts) -> BackupError:
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
