"""The backup that an upgrade would make, for a plan: chosen as the upgrade itself chooses it, and nothing is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alembic_safe.model.backups import PlannedBackup
from alembic_safe.model.policies import BackupPolicy
from alembic_safe.model.results import PlannedTarget
from alembic_safe.workflow.asking import Site, databases_of
from alembic_safe.workflow.backing import is_new, plans_of
from alembic_safe.workflow.scoping import choice_of


def with_backups(
    policy: BackupPolicy, sites: Sequence[Site], planned: Sequence[PlannedTarget]
) -> tuple[PlannedTarget, ...]:
    """Each target with the backup of its database; targets of one database share it."""
    backups = {
        id(database): _of([site for site in sites if site.database is database], policy)
        for database in databases_of([site for site in sites if site.pending])
    }
    return tuple(
        replace(target, backup=backups[id(site.database)]) if site.pending else target
        for site, target in zip(sites, planned, strict=True)
    )


def _of(sites: list[Site], policy: BackupPolicy) -> PlannedBackup:
    database = sites[0].database
    if policy.skip_reason is not None:
        return PlannedBackup("none", None, policy.skip_reason, "none")
    if is_new(database):
        return PlannedBackup("none", None, "the database file does not exist yet: it can be deleted", "none")
    if policy.command and policy.scope in ("auto", "full"):
        return PlannedBackup("full", "external", "made by backup-command", "restore")
    choice, _catalog = choice_of(policy, database, plans_of(sites))
    return PlannedBackup(
        choice.scope,
        "sqlite" if database.facts.dialect == "sqlite" else "pg_dump",
        choice.why,
        choice.way_back,
        tuple(str(one.table) for one in choice.reach.tables) if choice.scope == "touched" else (),
        choice.warnings,
    )
