"""Restore a PostgreSQL backup beside its target, and put it in the target's place.

In order: everything that could stand in the way is looked at; an empty database is made beside; loaded,
compared, sealed; then two renames in one transaction (see databases.postgresql.swapping). Killed at any moment
the target is the old database or the new one; what is left beside is found by the next restore.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import field
from datetime import datetime
from pathlib import Path

from alembic_safe.backup.restore.loading import Place, Stopwatch, load
from alembic_safe.backup.restore.since import written_since
from alembic_safe.databases.postgresql import beside
from alembic_safe.databases.postgresql.belongings import Belongings, ident, literal, statements
from alembic_safe.databases.postgresql.clients import major_of
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.locks import AdvisoryLock
from alembic_safe.databases.postgresql.objects import extensions_of
from alembic_safe.databases.postgresql.restore import PostgresRestore, find_restore_tool
from alembic_safe.databases.postgresql.swapping import Renaming, swap
from alembic_safe.errors import AlembicSafeError, BackupError, LockHeldError, RefusedError
from alembic_safe.model.backups import Manifest
from alembic_safe.model.events import EventSink
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.restores import Loaded, RestorePlan
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.quick import dataclass

Tick = Callable[[], None]


@dataclass(slots=True)
class Ground:
    """What a restore stands on: our connection to the target, one beside it, and the server's tools."""

    target: PostgresDatabase
    control: PostgresDatabase
    tool: PostgresRestore
    parameters: ConnectParameters
    policy: ControlPolicy
    like: Belongings = field(repr=False)

    @property
    def name(self) -> str:
        return self.target.facts.database

    def connect(self, name: str) -> PostgresDatabase:
        """Another connection of ours to a database of the server."""
        return beside.open_named(self.parameters, self.policy, name)

    def close(self) -> None:
        """Close the connection beside; the target's is its owner's. Never raises."""
        with suppress(Exception):
            self.control.close()


def stand(
    target: PostgresDatabase,
    parameters: ConnectParameters,
    policy: ControlPolicy,
    manifest: Manifest,
    bindir: Path | None,
) -> Ground:
    """Find the second database and the tools. Raises `RefusedError`, `BackupError`, `UnreachableError`."""
    tool = find_restore_tool(target, bindir, major_of(manifest.tool_version))
    control = beside.open_maintenance(parameters, policy, target)
    try:
        like = beside.of(control, target.facts.database)
    except BaseException:
        control.close()
        raise
    return Ground(target, control, tool, parameters, policy, like)


def plan(
    ground: Ground,
    manifest: Manifest,
    *,
    into: str | None,
    end_sessions: bool,
    journal_schema: str,
    now: datetime,
) -> RestorePlan:
    """What would be done, or `RefusedError` where something stands in the way. Changes nothing.

    `into` names a database to restore into beside the target; None puts the backup in the target's place.
    """
    _refuse_what_has_no_room(ground, manifest)
    if into is not None:
        if beside.exists(ground.control, into) and not _is_left(ground, into):
            raise RefusedError(
                f"there is a database {into} already",
                hint="Name another one: `--beside NAME`. One whose comment (`psql --list --expanded`) says that it is"
                " restoring is still worked on, or somebody looks into it.",
            )
        return RestorePlan(manifest.id, ground.name, into, None)
    _refuse_what_cannot_be_swapped(ground, manifest)
    sessions = beside.sessions_on(ground.control, ground.name)
    if sessions and not end_sessions:
        raise RefusedError(
            f"{len(sessions)} sessions are connected to {ground.name}: {sessions[0][0]}"
            + (", and others" if len(sessions) > 1 else ""),
            hint="Stop the application, or give `--end-sessions` to end them for a moment when all is ready.",
            detail="\n".join(who for who, _ in sessions),
        )
    if stuck := [who for who, endable in sessions if not endable]:
        raise RefusedError(
            f"this role may not end a session on {ground.name}: {stuck[0]}",
            hint="Grant it pg_signal_backend, or stop that application; or restore `--beside NAME`.",
        )
    return RestorePlan(
        manifest.id,
        ground.name,
        ground.name,
        beside.free_name(ground.name, "before_restore", now),
        written_since(ground.target, manifest, journal_schema=journal_schema),
        _what_cannot_follow(ground),
        tuple(who for who, _ in sessions),
    )


def _is_left(ground: Ground, name: str) -> bool:
    # behind a pooler those who work on a database may be on none of its sessions for a moment
    return not ground.target.facts.pooler and beside.is_left(ground.control, name)


def _what_cannot_follow(ground: Ground) -> tuple[str, ...]:
    """A phrase for each thing that is bound to the old database, or that others have bound to it."""
    bound = (f"{kind} {name} ({more})" for kind, name, more in beside.what_stays(ground.control, ground.name))
    published = (
        f"subscribers of the publication {name} (their slots stay with the old database: let them begin anew)"
        for name in beside.published(ground.target)
    )
    return (*bound, *published)


def _refuse_what_cannot_be_swapped(ground: Ground, manifest: Manifest) -> None:
    if manifest.scope != "full":
        raise RefusedError(
            f"backup {manifest.id} holds {manifest.scope} only: it cannot take the place of {ground.name}",
            hint="Restore it beside, and copy back what is needed: `--beside NAME`.",
        )
    if lacking := beside.missing_rights(ground.control, ground.name):
        raise RefusedError(
            f"this role cannot put another database in the place of {ground.name}: it lacks {' and '.join(lacking)}",
            hint="Set `control-url` to a role that has them, or restore `--beside NAME` (needs CREATEDB).",
        )
    prepared = [
        one for one in beside.what_stays(ground.control, ground.name) if one[0] == "prepared transaction"
    ]
    if prepared:
        raise RefusedError(
            f"{ground.name} has a prepared transaction ({prepared[0][1]}), which keeps its name",
            hint="End it first: `COMMIT PREPARED` or `ROLLBACK PREPARED`, as its owner means it to end.",
        )


def _refuse_what_has_no_room(ground: Ground, manifest: Manifest) -> None:
    # a full backup loads to about the size that the database had, a partial one to no less than its own
    needed = manifest.size if manifest.scope != "full" else manifest.database_size or manifest.size
    free = beside.free_room(ground.control)
    if free is not None and free < needed:
        raise RefusedError(
            f"too little room on {ground.target.facts.address}: backup {manifest.id} needs about {needed} bytes"
            f" beside what is there, and {free} are free",
            hint="Make room on the server, or restore elsewhere: `--beside NAME --restore-url env:NAME`.",
        )


def check_extensions(ground: Ground, folder: Path, tick: Tick) -> None:
    """Raise `RefusedError` when the server has not every extension of the dump: before minutes are spent."""
    needed = extensions_of(ground.tool.dumped_objects(folder, tick=tick))
    if missing := beside.unavailable(ground.control, needed):
        raise RefusedError(
            f"{ground.target.facts.address} does not have the extension {', '.join(missing)} that the backup needs",
            hint="Install it on that server, then run the same command again.",
        )


def bring(
    ground: Ground,
    manifest: Manifest,
    folder: Path,
    name: str,
    *,
    stays: bool,
    jobs: int,
    sink: EventSink,
    tick: Tick,
    watch: Stopwatch,
) -> Loaded:
    """Make the database `name`, load it and compare it. After any failure it is dropped.

    `stays`: it is to remain beside the target, and its comment says so at the end; else it is sealed.

    Raises `BackupError` also when what arrived is not what the backup says.
    """
    # only beside can it be that not: who replaces the target acts for its owner
    own = beside.acts_for(ground.control, ground.like.row["owner"])
    mark = beside.Mark(manifest.id, ground.name, stays)
    beside.make(ground.control, name, ground.like, None, own=own)
    try:
        # somebody is on it for as long as it bears the mark: that tells others that no killed command left it
        with closing(ground.connect(name)):
            beside.put_on(ground.control, name, mark)
            place = Place(name, ground.control, ground.tool, ground.connect, own)
            loaded = load(place, folder, manifest, jobs=jobs, sink=sink, tick=tick, watch=watch)
            if loaded.faults:
                raise BackupError(
                    f"what was restored is not what backup {manifest.id} holds: {loaded.faults[0]}",
                    hint="The live database was not touched. See `alembic-safe backup verify`, and try another backup.",
                    detail="\n".join(loaded.faults),
                )
            if stays:
                beside.hand_over(ground.control, name, f"alembic-safe: backup {manifest.id}, restored beside")
        if not stays:
            beside.seal(ground.control, name, mark)
    except BaseException:
        with suppress(AlembicSafeError):
            beside.drop(ground.control, name)
        raise
    return loaded


def remove_left(ground: Ground, into: str | None = None) -> tuple[str, ...]:
    """Drop what killed restores beside this target left, and what any left under the name `into`; their names."""
    return () if ground.target.facts.pooler else beside.remove_left(ground.control, ground.name, also=into)


def tidy(ground: Ground, manifest: Manifest) -> str | None:
    """Drop what interrupted restores of this target left; the name of one that is ready, of this very backup."""
    ready = None
    for one in beside.find_ours(ground.control, ground.name):
        if one.ready and one.backup == manifest.id and ready is None:
            ready = one.name
        else:
            beside.drop(ground.control, one.name)
    return ready


def replace_target(
    ground: Ground,
    held: AdvisoryLock,
    new: str,
    kept: str,
    backup: str,
    *,
    end_sessions: bool,
    let_go: Callable[[], None],
) -> AdvisoryLock:
    """Swap. The deploy lock, which is `held`, is taken on the connection beside before `let_go` closes ours.

    Returns the lock beside, to be released by the caller once the result is read back. Raises `RefusedError`
    with nothing changed; see `swap` for what else.
    """
    lock = held.elsewhere(ground.control)
    if not lock.try_take():
        raise LockHeldError("another run holds the deploy lock in the maintenance database")
    ending = ground.connect(ground.control.facts.database)
    try:
        let_go()
        was = ground.like.row["comment"]
        said = f"alembic-safe: was {ground.name} until backup {backup} was restored in its place"
        also = (
            f"COMMENT ON DATABASE {ident(kept)} IS {literal(said + (f'; {was}' if was else ''))}",
            # read again: what was set while the backup was loading counts
            *statements(ground.name, beside.of(ground.control, ground.name)),
        )
        swap(ground.control, ending, Renaming(ground.name, new, kept, also), end=end_sessions)
    except BaseException:
        lock.release()
        raise
    finally:
        ending.close()
    return lock
