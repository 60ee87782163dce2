"""The tables that a plan locks, as the server knows them: found by name, with partitions and sizes."""

from __future__ import annotations

from alembic_safe.apply.preflight.check import LockedTable, query
from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.preflight import PlannedWork
from alembic_safe.model.protocols import Database
from alembic_safe.model.targets import Target


def locked_tables(database: Database, target: Target, work: PlannedWork) -> tuple[LockedTable, ...]:
    """One entry a table; a partition has the mode of its parent. What the server does not have is left out.

    A name without a schema is looked for beside the version table first, where a tenant's tables are.
    """
    if database.facts.dialect != "postgresql" or not work.locks:
        return ()
    names = list(work.locks)
    rows = database.fetch(
        query("tables"),
        {
            "names": [name.name for name in names],
            "schemas": [name.schema for name in names],
            "near": target.version_table.schema,
            "role": target.role or database.facts.user,
        },
    )
    found: dict[int, LockedTable] = {}
    for position, oid, shown, heap, total, owned, inherited in rows:
        planned: Name = names[position - 1]
        mode = max(work.locks[planned], found[oid].mode if oid in found else LockMode.ACCESS_SHARE)
        found[oid] = LockedTable(oid, planned, shown, mode, heap, total, owned, inherited)
    return tuple(found.values())
