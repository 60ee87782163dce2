"""How much of a database is backed up before a plan: the judged plan's facts meet the system catalog."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from alembic_safe.backup.choosing import Choice, choose, needs_reach
from alembic_safe.databases import read_catalog
from alembic_safe.model.backups import WHOLE, DumpContent
from alembic_safe.model.policies import BackupPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.scopes import Catalog, CatalogTable, Reach, Touched

if TYPE_CHECKING:
    from alembic_safe.model.findings import JudgedPlan


def choice_of(
    policy: BackupPolicy, database: Database, plans: Sequence[JudgedPlan] | None
) -> tuple[Choice, Catalog | None]:
    """The scope for what `plans` do to one database, with the catalog it was chosen by (None: not read).

    `plans` None: what is pending is not known, or nothing is.
    """
    facts = database.facts
    wanted = needs_reach(policy.scope, dialect=facts.dialect, size=facts.size, full_below=policy.full_below)
    catalog = read_catalog(database) if wanted else None
    reach = None
    if catalog is not None and plans is not None:
        reach = reach_of(plans, catalog, facts.version_number // 10_000)
    choice = choose(
        policy.scope, dialect=facts.dialect, reach=reach, size=facts.size, full_below=policy.full_below
    )
    return choice, catalog


def reach_of(plans: Iterable[JudgedPlan], catalog: Catalog, version: int) -> Reach:
    """Every table whose rows the plans may change or lose; `version` is the server's major."""
    from alembic_safe.backup.bodies import body_of
    from alembic_safe.backup.reach import reached
    from alembic_safe.backup.scopes import touched

    all_touched = [touched(plan) for plan in plans]
    together = Touched(
        touches=tuple(one for each in all_touched for one in each.touches),
        schemas=tuple(one for each in all_touched for one in each.schemas),
        types=tuple(one for each in all_touched for one in each.types),
        calls=tuple(one for each in all_touched for one in each.calls),
        doubts=tuple(dict.fromkeys(one for each in all_touched for one in each.doubts)),
        large_objects=any(each.large_objects for each in all_touched),
    )
    return reached(together, catalog, lambda function: body_of(function, version))


def content_of(
    choice: Choice, catalog: Catalog | None, version_tables: Iterable[str]
) -> tuple[DumpContent, int]:
    """What the dump holds, and how many tables' rows are left out. Version tables are always in it."""
    if choice.scope == "full" or catalog is None:
        return WHOLE, 0
    kept = {one.table.oid: one.table for one in choice.reach.tables} if choice.scope == "touched" else {}
    kept |= {table.oid: table for table in catalog.tables if _is_one_of(table, version_tables)}
    left_out = sum(table.kind == "r" and table.oid not in kept for table in catalog.tables)
    names = tuple((table.schema, table.name) for table in kept.values())
    large_objects = choice.scope == "touched" and choice.reach.large_objects
    return DumpContent(names, large_objects), left_out


def _is_one_of(table: CatalogTable, names: Iterable[str]) -> bool:
    return any(name in (table.name, str(table)) for name in names)
