"""The backup before the first change: one a database that something is pending on, or the reason why not."""

from __future__ import annotations

from alembic_safe.backup import create_backup
from alembic_safe.model.backups import Manifest
from alembic_safe.model.events import Notice
from alembic_safe.model.protocols import Database
from alembic_safe.workflow.applying import ApplyContext, RunIds
from alembic_safe.workflow.asking import Site, databases_of


def back_up(context: ApplyContext, sites: list[Site], runs: RunIds) -> dict[int, Manifest]:
    """Backups by id() of the database. Raises `BackupError` when one cannot be made or read back."""
    policy = context.settings.backup
    if policy.skip_reason is not None:
        context.sink(Notice(f"no backup is made: {policy.skip_reason}"))
        return {}
    made: dict[int, Manifest] = {}
    for database in databases_of([site for site in sites if site.pending]):
        if _is_new(database):
            context.say("there is no backup, since the database file does not exist yet")
            continue
        here = [site for site in sites if site.database is database]
        with context.phases.phase("backup", f"backing up {database.facts.address}") as result:
            manifest = create_backup(
                database,
                policy=policy,
                run=next(runs[site.target.ordinal, site.section] for site in here if site.pending),
                heads={str(site.target.version_table): site.target.heads for site in here},
                sink=context.sink,
                tick=context.tick(database),
            )
            made[id(database)] = manifest
            result.append(
                f"{manifest.id}, {manifest.rows} row{'' if manifest.rows == 1 else 's'}, read whole"
            )
    return made


def _is_new(database: Database) -> bool:
    facts = database.facts
    return facts.dialect == "sqlite" and not facts.size
