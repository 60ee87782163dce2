"""`backup restore` on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from alembic_safe.backup.restore import replacing
from alembic_safe.backup.restore.copy_back import copy_back
from alembic_safe.backup.restore.replacing import Ground
from alembic_safe.databases.postgresql import beside
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.locks import AdvisoryLock
from alembic_safe.databases.postgresql.swapping import SwapLostError
from alembic_safe.errors import AlembicSafeError, RefusedError
from alembic_safe.model.events import Notice
from alembic_safe.model.restores import Loaded, RestorePlan
from alembic_safe.model.results import RestoreResult
from alembic_safe.workflow.asking import close_sites
from alembic_safe.workflow.restore_journal import RestoreJournal
from alembic_safe.workflow.restoring import Restoration, not_read_back

Heads = Mapping[str, tuple[str, ...] | None]


def restore_on_server(work: Restoration) -> RestoreResult:
    """Beside, or into the target's place."""
    target, settings = work.database, work.settings
    assert isinstance(target, PostgresDatabase)
    if target.facts.in_recovery or target.facts.read_only:
        raise RefusedError(f"{target.facts.address} is read-only", hint="Point env.py at the primary.")
    into = settings.restore.beside
    if into is None and target.facts.pooler:
        raise RefusedError(
            f"the connection to {target.facts.address} goes through a pooler, which keeps sessions of the old database",
            hint="Set `control-url` to the database's direct address, or restore with `--beside NAME`.",
        )
    ground = replacing.stand(target, work.parameters, work.control, work.manifest, settings.backup.bindir)
    work.stack.callback(ground.close)
    plan = replacing.plan(
        ground,
        work.manifest,
        into=into,
        end_sessions=settings.restore.end_sessions,
        journal_schema=settings.journal.schema,
        now=work.began,
    )
    work.say(plan)
    return _replace(work, ground, plan) if into is None else _beside(work, ground, plan, into)


def _beside(work: Restoration, ground: Ground, plan: RestorePlan, into: str) -> RestoreResult:
    _remove_left(work, ground, into)
    with work.dump() as dump:
        replacing.check_extensions(ground, dump, work.tick)
        with work.phases.phase("restore", f"restoring into {into}"):
            loaded = _bring(work, ground, dump, into, stays=True)
    work.proof(loaded, f"database {into} on {ground.target.facts.address}")
    shown = copy_back(ground, work.manifest, into) if work.here else ()
    return work.result(plan, loaded, work.manifest.heads, copy_back=shown)


def _remove_left(work: Restoration, ground: Ground, into: str | None = None) -> None:
    for name in replacing.remove_left(ground, into):
        work.sink(Notice(f"{name}, which a killed restore beside left, was dropped"))


def _replace(work: Restoration, ground: Ground, plan: RestorePlan) -> RestoreResult:
    lock = work.lock()
    assert isinstance(lock, AdvisoryLock)
    ready = replacing.tidy(ground, work.manifest)
    _remove_left(work, ground)
    with work.dump() as dump:
        replacing.check_extensions(ground, dump, work.tick)
        journal = work.journal()
        try:
            if ready is None:
                ready = beside.free_name(ground.name, "restoring", work.began)
                with work.phases.phase("restore", f"restoring beside {ground.name}"):
                    loaded = _bring(work, ground, dump, ready, stays=False)
                work.proof(loaded, f"database {ready} on {ground.target.facts.address}")
            else:
                loaded = Loaded(len(work.manifest.tables), work.manifest.rows)
                work.sink(Notice(f"{ready} is restored and compared already, by an earlier command"))
            work.interrupts.check()
            lock.check()
        except BaseException as error:
            journal.fail(ground.target, error)
            raise
    with work.phases.phase("swap", f"putting it in the place of {ground.name}"), work.watch.part("swap"):
        moved = _swap(work, ground, plan, lock, ready, journal)
    try:
        heads = _read_back(work, ground, journal)
    except AlembicSafeError as error:
        raise not_read_back(plan, error) from error
    finally:
        moved.release()
    return work.result(plan, loaded, heads, run=journal.run)


def _bring(work: Restoration, ground: Ground, dump: Path, name: str, *, stays: bool) -> Loaded:
    return replacing.bring(
        ground,
        work.manifest,
        dump,
        name,
        stays=stays,
        jobs=work.settings.backup.jobs,
        sink=work.sink,
        tick=work.tick,
        watch=work.watch,
    )


def _swap(
    work: Restoration,
    ground: Ground,
    plan: RestorePlan,
    lock: AdvisoryLock,
    ready: str,
    journal: RestoreJournal,
) -> AdvisoryLock:
    try:
        beside.unseal(ground.control, ready)
        new = ground.connect(ready)
        try:
            journal.carry(ground.target, new)
        finally:
            new.close()
        return replacing.replace_target(
            ground,
            lock,
            ready,
            plan.kept or "",
            plan.backup,
            end_sessions=work.settings.restore.end_sessions,
            let_go=lambda: close_sites(work.here),
        )
    except SwapLostError:
        raise  # which of the two bears the name is said, and neither's journal may say that it failed
    except BaseException as error:
        # the old one is in its place; what was restored waits for the next command
        with suppress(AlembicSafeError):
            beside.seal(ground.control, ready, beside.Mark(plan.backup, ground.name))
        with suppress(AlembicSafeError):
            old = ground.connect(ground.name)
            journal.fail(old, error)
            old.close()
        raise


def _read_back(work: Restoration, ground: Ground, journal: RestoreJournal) -> Heads:
    """What the database that bears the target's name says now, on a connection of its own."""
    with work.phases.phase("read back", f"reading {ground.name}"):
        database = ground.connect(ground.name)
        work.stack.callback(database.close)
        return work.read_back(database, journal)
