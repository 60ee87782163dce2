"""`backup restore` on an SQLite file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from alembic_safe.backup.restore import in_file
from alembic_safe.databases import open_database
from alembic_safe.databases.sqlite import restore as files
from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.protocols import Database
from alembic_safe.model.restores import RestorePlan
from alembic_safe.model.results import RestoreResult
from alembic_safe.workflow.restoring import Restoration, not_read_back


def restore_file(work: Restoration) -> RestoreResult:
    """Beside, or into the target's place."""
    named = work.settings.restore.beside
    into = Path(named).expanduser().absolute() if named else None
    schema = work.settings.journal.schema
    plan = in_file.plan(work.database, work.manifest, into=into, journal_schema=schema, now=work.began)
    work.say(plan)
    return _replace(work, plan) if into is None else _beside(work, plan, into)


def _beside(work: Restoration, plan: RestorePlan, into: Path) -> RestoreResult:
    with (
        work.dump() as dump,
        work.phases.phase("restore", f"restoring into {into}"),
        in_file.brought(into, dump, work.manifest, work.began, work.tick, work.watch) as (folder, loaded),
    ):
        files.place(folder, into)
    work.proof(loaded, f"a new file {into}")
    return work.result(plan, loaded, work.manifest.heads)


def _replace(work: Restoration, plan: RestorePlan) -> RestoreResult:
    lock = work.lock()
    target = Path(work.database.facts.database).resolve()
    files.tidy(target)
    with work.dump() as dump:
        journal = work.journal()
        try:
            with (
                work.phases.phase("restore", f"restoring {target}"),
                in_file.brought(target, dump, work.manifest, work.began, work.tick, work.watch) as (
                    folder,
                    loaded,
                ),
            ):
                work.interrupts.check()
                lock.check()
                work.database.close()  # nobody may have it open, we neither
                with work.watch.part("swap"):
                    files.swap(folder, target, Path(plan.kept or ""))
        except BaseException as error:
            with suppress(AlembicSafeError):  # it is the first error that has to be told
                journal.fail(_reopened(work), error)
            raise
    with work.phases.phase("read back", f"reading {target}"):
        try:
            heads = work.read_back(_reopened(work), journal)
        except AlembicSafeError as error:
            raise not_read_back(plan, error) from error
    work.proof(loaded, str(target))
    return work.result(plan, loaded, heads, run=journal.run)


def _reopened(work: Restoration) -> Database:
    database = open_database(work.parameters, policy=work.settings.control)
    work.stack.callback(database.close)
    return database
