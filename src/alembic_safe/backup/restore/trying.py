"""Restore a backup into a scratch database to see whether it can be, and how long that takes.

On the server that `restore-url` names, else on a temporary server of this machine of the backup's own major (or
the next one that is there), whose roles are made as the backup needs them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from alembic_safe.backup.restore.in_file import compare
from alembic_safe.backup.restore.loading import Place, Stopwatch, load
from alembic_safe.databases.postgresql import beside
from alembic_safe.databases.postgresql.belongings import ident
from alembic_safe.databases.postgresql.clients import major_of
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.objects import extensions_of, roles_of
from alembic_safe.databases.postgresql.restore import PostgresRestore, find_restore_tool
from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
from alembic_safe.databases.postgresql.server.room import no_room
from alembic_safe.databases.sqlite.restore import copy_dump
from alembic_safe.errors import AlembicSafeError, BackupError, RefusedError, UnreachableError
from alembic_safe.model.backups import Manifest
from alembic_safe.model.events import EventSink
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.restores import Loaded
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.quick import dataclass

Tick = Callable[[], None]
_PREFIX = "alembic_safe_proof"
_FORGOTTEN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Scratch:
    """A server to try on: `own` is ours alone."""

    parameters: ConnectParameters
    policy: ControlPolicy
    database: str
    own: bool
    where: str
    full: Callable[[], str] = str  # the server's own words that its disk is full


def try_file(
    manifest: Manifest, dump: Path, place: Path, *, tick: Tick, watch: Stopwatch
) -> tuple[Loaded, str]:
    """An SQLite backup: copied as a restore copies it, into `place`, checked page by page, counted."""
    with watch.part("load"):
        try:
            copy_dump(dump, place, tick)
        except OSError as error:
            raise BackupError(
                f"the backup cannot be copied to {place}: {(error.strerror or str(error)).lower()}",
                hint="The folder must be writable, with room for the database.",
            ) from error
    with watch.part("compare"):
        try:
            faults = compare(place, manifest, tick)
        except BackupError as error:
            return Loaded(0, 0, dict(watch.durations), (error.message,)), "a new file"
    return Loaded(len(manifest.tables), manifest.rows, dict(watch.durations), faults), "a new file"


def try_on_server(
    manifest: Manifest,
    dump: Path,
    *,
    server: ControlPolicy | None,
    bindir: Path | None,
    jobs: int,
    sink: EventSink,
    tick: Tick,
    watch: Stopwatch,
) -> tuple[Loaded, str]:
    """A PostgreSQL backup, on a temporary server where none is given. What fails while it is loaded is a fault in the
    value.

    Raises `RefusedError` where there is no server to try it on, or that lacks an extension, `UnreachableError` where
    that server has no room.
    """
    with _server(manifest, server) as scratch:
        database = beside.open_named(scratch.parameters, scratch.policy, scratch.database)
        try:
            tool = find_restore_tool(database, bindir, major_of(manifest.tool_version))
            _prepare(database, tool, scratch, dump, tick)
            return _tried(database, tool, scratch, manifest, dump, jobs, sink, tick, watch), scratch.where
        finally:
            database.close()


def _tried(
    database: PostgresDatabase,
    tool: PostgresRestore,
    scratch: _Scratch,
    manifest: Manifest,
    dump: Path,
    jobs: int,
    sink: EventSink,
    tick: Tick,
    watch: Stopwatch,
) -> Loaded:
    name = beside.free_name(f"{_PREFIX}_{secrets.token_hex(3)}", "at", datetime.now(timezone.utc))
    like = beside.of(database, scratch.database)
    own = beside.acts_for(database, like.row["owner"])
    beside.make(database, name, like, beside.Mark(manifest.id, _PREFIX), own=own)

    def connect(other: str) -> PostgresDatabase:
        return beside.open_named(scratch.parameters, scratch.policy, other)

    try:
        # somebody is on it from its begin to its end: that tells others that it is not forgotten
        with closing(connect(name)):
            place = Place(name, database, tool, connect, own)
            return load(place, dump, manifest, jobs=jobs, sink=sink, tick=tick, watch=watch)
    except (BackupError, UnreachableError) as error:
        # no fault of the backup's
        what, where = f"backup {manifest.id}", f"on {scratch.where}"
        full = no_room(what, where, scratch.full(), error, ours=scratch.own, other="`--restore-url`")
        if full is not None:
            raise full from error
        if isinstance(error, UnreachableError):
            raise
        return Loaded(0, 0, dict(watch.durations), (error.message,))
    finally:
        with suppress(AlembicSafeError):
            beside.drop(database, name)


def _prepare(
    database: PostgresDatabase, tool: PostgresRestore, scratch: _Scratch, dump: Path, tick: Tick
) -> None:
    objects = tool.dumped_objects(dump, tick=tick)
    if missing := beside.unavailable(database, extensions_of(objects)):
        raise RefusedError(
            f"{scratch.where} does not have the extension {', '.join(missing)} that the backup needs",
            hint="Name a server that has it, such as the one the backup is of: `--restore-url`.",
        )
    _remove_forgotten(database)
    if not scratch.own:
        return
    there = {str(row[0]) for row in database.fetch("SELECT rolname::text FROM pg_catalog.pg_roles")}
    for role in roles_of(objects):
        if role not in there:
            database.execute(f"CREATE ROLE {ident(role)}")


def _remove_forgotten(database: PostgresDatabase) -> None:
    """What a killed command left here: it has nobody on it, and was begun more than an hour ago."""
    for one in beside.find_ours(database, _PREFIX):
        stamp = one.name.rpartition("_")[2]
        with suppress(ValueError, AlembicSafeError):
            begun = datetime.strptime(stamp, "%Y%m%dt%H%M%S").replace(tzinfo=timezone.utc)
            if datetime.now(timezone.utc) - begun > _FORGOTTEN and not beside.in_use(database, one.name):
                beside.drop(database, one.name)


@contextmanager
def _server(manifest: Manifest, server: ControlPolicy | None) -> Iterator[_Scratch]:
    if server is not None and server.keywords is not None:
        parameters = ConnectParameters("postgresql", "psycopg", server.keywords)
        name = server.keywords.get("dbname", "postgres")
        yield _Scratch(parameters, server, name, False, "the server that restore-url names")
        return
    wanted = major_of(manifest.server_version)
    fits = sorted((one for one in find_binaries() if one.major >= wanted), key=lambda one: one.major)
    if not fits:
        raise RefusedError(
            f"there is no PostgreSQL {wanted} or newer on this machine to restore the backup into",
            hint="Name a server: `--restore-url`, as a role with CREATEDB. Or `pip install 'alembic-safe[embedded]'`.",
        )
    # with fsync, as a real server has it: the time that is told should be no fairy tale
    with TemporaryServer(fits[0], durable=True, settings={"shared_buffers": "128MB"}) as ours:
        parameters = ConnectParameters("postgresql", "psycopg", ours.keywords())
        where = f"a temporary server of this machine (PostgreSQL {fits[0].version})"
        yield _Scratch(parameters, ControlPolicy(), "postgres", True, where, lambda: ours.full)
