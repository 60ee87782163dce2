"""The backup before the first change: one a database that something is pending on, or the reason why not."""

from __future__ import annotations

from functools import partial

from alembic_safe.model.backups import Manifest
from alembic_safe.model.events import Notice
from alembic_safe.model.findings import JudgedPlan
from alembic_safe.model.protocols import Database
from alembic_safe.workflow import asking
from alembic_safe.workflow.applying import ApplyContext, RunIds
from alembic_safe.workflow.asking import Site, databases_of
from alembic_safe.workflow.making import make_backup, renewed, summary


def back_up(context: ApplyContext, sites: list[Site], runs: RunIds) -> dict[int, Manifest]:
    """Backups by id() of the database. Raises `BackupError` when one cannot be made or read back."""
    policy = context.settings.backup
    if policy.skip_reason is not None:
        context.sink(Notice(f"no backup is made: {policy.skip_reason}"))
        return {}
    made: dict[int, Manifest] = {}
    for database in databases_of([site for site in sites if site.pending]):
        if is_new(database):
            context.say("there is no backup, since the database file does not exist yet")
            continue
        here = [site for site in sites if site.database is database]
        with context.phases.phase("backup", f"backing up {database.facts.address}") as result:
            manifest = make_backup(
                database,
                policy=policy,
                run=next(runs[site.target.ordinal, site.section] for site in here if site.pending),
                heads={str(site.target.version_table): site.target.heads for site in here},
                plans=plans_of(here),
                renew=partial(_renewed, context, here[0]),
                sink=context.sink,
                tick=context.tick(database),
            )
            made[id(database)] = manifest
            result.append(summary(manifest))
    return made


def plans_of(sites: list[Site]) -> list[JudgedPlan] | None:
    """What is pending on a database, judged; None unless all of it is."""
    pending = [site for site in sites if site.pending]
    plans = [site.judgement.plan for site in pending if site.judgement is not None]
    return plans if len(plans) == len(pending) else None


def _renewed(context: ApplyContext, site: Site) -> Database:
    """A connection with what env.py connects with now. Raises `BackupError` where it does not come there again."""
    settings = context.settings
    probed = asking.ask(
        settings,
        context.workers,
        context.destination,
        context.direction,
        listing=False,
        sink=context.sink,
        tick=context.interrupts.check,
    )
    return renewed(probed, site, settings.control)


def is_new(database: Database) -> bool:
    """Whether it is a file of SQLite that holds nothing yet: there is nothing to back up."""
    facts = database.facts
    return facts.dialect == "sqlite" and not facts.size
