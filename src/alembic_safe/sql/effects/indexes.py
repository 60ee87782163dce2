"""Effects of making, dropping, changing and rebuilding indexes."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Name, RewriteFact
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.schema.keys import relying_on_index
from alembic_safe.sql.server.locks import AS, AX, SUX, S

NOT_KNOWN = Name("")  # an index's table where nothing says which it is


def create_index(effects: Effects) -> None:
    """CREATE INDEX: writes wait while the table is scanned, unless CONCURRENTLY."""
    effects.phase_is("contract" if "unique" in effects.reading.flags else "expand")
    table = next((o.name for o in effects.reading.objects if o.role == "on"), None)
    if table is None:
        return
    concurrently = "concurrently" in effects.reading.flags
    mode = SUX if concurrently else S
    target = effects.reading.target
    if target is not None and "if not exists" in effects.reading.flags and effects.schema.index(target.name):
        effects.lock(table, mode)
        effects.doubts.append("the index is there already; whether it is valid is not looked at")
        return
    effects.lock(table, mode)
    effects.lock_children(table, mode)
    state = effects.table(table)
    if state is not None and state.partitioned and concurrently:
        effects.fails = "CREATE INDEX CONCURRENTLY is refused on a partitioned table"
    if "only" not in effects.reading.flags or state is None or not state.partitioned:
        effects.scan(table, "index build", "the index is built from every row")


def drop_index(effects: Effects) -> None:
    """DROP INDEX: ACCESS EXCLUSIVE on it and its table; CONCURRENTLY SHARE UPDATE EXCLUSIVE."""
    effects.phase_is("contract")
    mode = SUX if "concurrently" in effects.reading.flags else AX
    for named in effects.reading.objects:
        effects.lock(named.name, mode, kind="index")
        state = effects.schema.index(named.name)
        if state is not None and state.constraint and effects.known(state.table):
            effects.fails = f"the constraint {state.constraint} of {state.table} needs {named.name} (2BP01)"
        elif state is not None and "cascade" not in effects.reading.flags:
            tied = [f"{c.name} of {t.name}" for t, c in relying_on_index(effects.schema, state)]
            if tied:
                effects.fails = f"the foreign key {', '.join(tied)} needs {named.name} (2BP01)"
        table = _table_of(effects, named.name)
        effects.lock(table, mode, f"the table of {named.name}")
        if effects.partitioned(table):
            effects.lock_children(table, mode)


def _table_of(effects: Effects, index: Name) -> Name:
    state = effects.schema.index(index)
    if state is None:
        effects.doubts.append(f"the table of {index} is not known")
        return NOT_KNOWN
    return state.table


def reindex(effects: Effects) -> None:
    """REINDEX: writes wait, and reads too, since planning opens every index."""
    effects.phase_is("backfill")
    concurrently = "concurrently" in effects.reading.flags
    for named in effects.reading.objects:
        if named.kind == "index":
            table = _table_of(effects, named.name)
            effects.lock(named.name, SUX if concurrently else AX, kind="index")
        elif named.kind == "table":
            table = named.name
            for index in effects.schema.indexes_of(table):
                effects.lock(index.name, SUX if concurrently else AX, kind="index")
        else:
            effects.doubts.append(f"every table of the {named.kind} is locked in turn")
            continue
        effects.lock(table, SUX if concurrently else S)
        effects.scan(table, "index build", "the index is built again from every row")


def alter_index(effects: Effects) -> None:
    """ALTER INDEX: on the index alone; ATTACH PARTITION reads both tables' definitions."""
    target = effects.reading.target
    if target is None:
        return
    if (table := effects.table(target.name)) is not None:
        effects.lock(table.name, AX)  # ALTER INDEX takes a table's name as well, and then its lock
        return
    if (
        "if exists" in effects.reading.flags
        and target.name.certain
        and effects.schema.knows_all
        and not effects.schema.index(target.name)
    ):
        return
    mode = SUX
    for action in effects.reading.actions:
        if action.kind == "attach partition" and action.object is not None:
            effects.lock(action.object.name, AX, "it becomes part of the other", kind="index")
            for index in (target.name, action.object.name):
                effects.lock(_table_of(effects, index), AS)
        elif action.kind == "set tablespace":
            mode = AX
            effects.scans.clear()
            effects.doubts.append("the index is copied")
        elif action.kind in ("owner to", "set schema"):
            mode = AX
        effects.phase_is("contract" if action.kind in ("rename", "set schema") else "expand")
    effects.lock(target.name, mode, kind="index")


def cluster(effects: Effects) -> None:
    """CLUSTER: ACCESS EXCLUSIVE for a whole new copy."""
    effects.phase_is("backfill")
    for named in effects.reading.objects:
        effects.lock(named.name, AX)
        effects.rewrite(named.name, "every row is written again in the index's order")


def vacuum(effects: Effects) -> None:
    """VACUUM and ANALYZE: beside reads and writes, but FULL is a new copy under ACCESS EXCLUSIVE."""
    effects.phase_is("backfill")
    full = "full" in effects.reading.flags
    for named in effects.reading.objects:
        effects.lock(named.name, AX if full else SUX)
        if full:
            effects.rewrites.append(RewriteFact(named, "every row is written again"))


FAMILY: dict[str, Callable[[Effects], None]] = {
    "create index": create_index,
    "drop index": drop_index,
    "alter index": alter_index,
    "reindex": reindex,
    "cluster": cluster,
    "vacuum": vacuum,
    "analyze": vacuum,
}
