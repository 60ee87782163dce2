"""Effects of making and dropping tables, views, sequences and what hangs on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from alembic_safe.model.facts import LockMode, Name, RewriteFact
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.effects.partitions import lock_default, lock_foreign
from alembic_safe.sql.schema.model import ColumnState, key
from alembic_safe.sql.server.locks import AS, AX, SRX, SUX, grant_lock, parameters_lock


def create_table(effects: Effects) -> None:
    """CREATE TABLE: nothing waits for it, but for tables it references, inherits or is a partition of."""
    effects.phase_is("expand")
    for named in effects.reading.objects:
        if effects.reading.target is not None and named.name == effects.reading.target.name:
            continue
        if named.role == "referenced":
            effects.lock_referenced(named.name, SRX, "a foreign key's triggers are made on it")
        elif named.role == "read":
            effects.lock(named.name, AS)
            if effects.reading.kind in ("create table as", "select into"):
                effects.scan(named.name, "rows", "its rows are read", certain=False)
        elif named.role == "parent":
            partition = any(a.kind == "partition of" for a in effects.reading.actions)
            effects.lock(named.name, AX if partition else SUX, "the parent")
            if partition:
                lock_default(effects, named.name)
                lock_foreign(effects, named.name)


def create_view(effects: Effects) -> None:
    """CREATE VIEW: reads' locks are weak; one that is replaced is locked for an instant."""
    effects.phase_is("expand")
    target = effects.reading.target
    known = effects.schema.knows_all and target is not None and target.name.certain
    new = known and target is not None and effects.table(target.name) is None
    if target is not None and "or replace" in effects.reading.flags and not new:
        effects.lock(target.name, AX, "it is replaced", kind="view")
        effects.phase_is("contract")
    for named in effects.reading.objects:
        if named.role == "read":
            effects.lock(named.name, AS)
            if effects.reading.kind != "create view" and "with no data" not in effects.reading.flags:
                effects.scan(named.name, "rows", "its rows are read", certain=False)


def drop_relation(effects: Effects) -> None:
    """DROP: ACCESS EXCLUSIVE on it, on tables tied to it by foreign keys, on a partition's parent."""
    effects.phase_is("contract")
    kind = effects.reading.kind.removeprefix("drop ")
    for named in effects.reading.objects:
        if named.role != "dropped":
            continue
        if effects.absent(named.name) and kind != "sequence":
            continue
        effects.lock(named.name, AX, kind=kind)
        if kind in ("table", "materialized view"):
            effects.loses(f"the rows of {named.name}")
        elif kind == "sequence":
            effects.loses(f"the position of {named.name}")
        if kind == "table":
            _drop_table(effects, named.name)
        if "cascade" not in effects.reading.flags:
            _dependents_refuse(effects, named.name)
    if "cascade" in effects.reading.flags:
        effects.doubts.append("CASCADE drops whatever depends on it")


def _dependents_refuse(effects: Effects, name: Name) -> None:
    """What is not dropped with it and depends on it makes the statement fail (2BP01)."""
    dropped = [o.name for o in effects.reading.objects if o.role == "dropped"]
    parts = [t.name for n in dropped if effects.partitioned(n) for t in effects.schema.descendants(n)]
    gone = {key(n) for n in (*dropped, *parts)}
    others = [t.name for t, _ in effects.schema.referencing(name)]
    others += [
        t.name for t in effects.schema.tables.values() if t.kind != "table" and key(name) in map(key, t.reads)
    ]
    if effects.reading.kind == "drop sequence":
        numbered = ", ".join(f"{table}.{column}" for table, column in _numbered_by(effects, name))
        effects.fails = f"the default of {numbered} needs {name} (2BP01)" if numbered else effects.fails
        return
    left = [other for other in others if key(other) not in gone]
    if left:
        effects.fails = f"{', '.join(map(str, dict.fromkeys(left)))} depends on {name} (2BP01)"


_NEXTVAL = re.compile(r"nextval\s*\(\s*'([^']+)'", re.IGNORECASE)


def _numbered_by(effects: Effects, name: Name) -> Iterator[tuple[Name, str]]:
    """Columns whose default takes its numbers from a sequence."""
    for table in effects.schema.tables.values():
        for column in table.columns.values():
            found = _NEXTVAL.search(column.default.text) if column.default is not None else None
            schema, _, plain = found.group(1).replace('"', "").rpartition(".") if found else ("", "", "")
            own = column.generated == "identity" or _is_serial(column)
            if own and found is None:
                schema, plain = table.name.schema or "", f"{table.name.name}_{column.name}_seq"
            if plain and key(Name(plain, schema or None)) == key(name):
                yield table.name, column.name


def _is_serial(column: ColumnState) -> bool:
    """Whether its default is still the one that a serial type gave it."""
    return column.serial and column.default is None


def _drop_table(effects: Effects, name: Name) -> None:
    table = effects.table(name)
    if table is None or not table.complete:
        effects.doubts.append(f"tables tied to {name} by foreign keys are locked as well")
    if table is None:
        return
    effects.lock_children(name, AX)
    for constraint in table.constraints.values():
        if constraint.references is not None:
            effects.lock_referenced(constraint.references, AX, "the foreign key's triggers on it go")
    if "cascade" in effects.reading.flags:
        for other, constraint in effects.schema.referencing(name):
            effects.lock(other.name, AX, f"its {constraint.name} goes")
        for view in effects.schema.readers(name):
            effects.lock(view.name, AX, f"it reads {name} and goes with it", kind=view.kind)
    for parent_name in table.parents:
        parent = effects.table(parent_name)
        if parent is not None and parent.partitioned:
            effects.lock(parent_name, AX, f"{name} is a partition of it")
            if parent.default_partition is not None:
                effects.lock(parent.default_partition, AX, f"the default partition of {parent_name}")


def truncate(effects: Effects) -> None:
    """TRUNCATE: new files; CASCADE empties every referencing table."""
    effects.phase_is("contract")
    for named in effects.reading.objects:
        _truncate(effects, named.name)
    if "cascade" in effects.reading.flags:
        waiting, seen = [o.name for o in effects.reading.objects], set[Name]()
        while waiting:
            for other, _ in effects.schema.referencing(waiting.pop()):
                if other.name not in seen:
                    seen.add(other.name)
                    waiting.append(other.name)
                    _truncate(effects, other.name)


def _truncate(effects: Effects, name: Name) -> None:
    effects.lock(name, AX)
    effects.lock_children(name, AX)
    effects.rewrite(name, "a new empty file")
    effects.loses(f"the rows of {name}")


def _on_table(mode: LockMode, phase: str) -> Callable[[Effects], None]:
    def judge(effects: Effects) -> None:
        effects.phase_is("contract" if phase == "contract" else "expand")
        for named in effects.reading.objects:
            if named.role in ("on", "referenced"):
                effects.lock(named.name, mode)
                if "for each row" in effects.reading.flags and effects.partitioned(named.name):
                    effects.lock_children(named.name, mode)

    return judge


def alter_view(effects: Effects) -> None:
    """ALTER VIEW and MATERIALIZED VIEW: ACCESS EXCLUSIVE for an instant."""
    target = effects.reading.target
    if target is None:
        return
    weak = all(a.kind in ("set parameters", "reset parameters") for a in effects.reading.actions)
    modes = [parameters_lock(a.value or "") for a in effects.reading.actions if weak]
    effects.lock(target.name, max(modes, default=AX), kind=target.kind)
    renames = any(a.kind in ("rename", "rename column", "set schema") for a in effects.reading.actions)
    effects.phase_is("incompatible" if renames else "contract")


def refresh(effects: Effects) -> None:
    """REFRESH: readers wait for the whole query, unless CONCURRENTLY."""
    target = effects.reading.target
    if target is None:
        return
    effects.phase_is("backfill")
    concurrently = "concurrently" in effects.reading.flags
    effects.lock(target.name, LockMode.EXCLUSIVE if concurrently else AX, kind=target.kind)
    view = effects.table(target.name)
    whole = any(i.unique and not i.depends for i in effects.schema.indexes_of(target.name))
    if concurrently and view is not None and not whole:
        effects.fails = f"{target.name} has no unique index over all its rows (55000)"
    if concurrently:
        effects.scan(target.name, "rows", "old and new rows are compared", certain=False)
    else:
        effects.rewrites.append(RewriteFact(target, "the whole query is run"))
    for read in view.reads if view else ():
        effects.lock(read, AS)
        effects.scan(read, "rows", "its rows are read", certain=False)


def sequence(effects: Effects) -> None:
    """ALTER SEQUENCE: nextval() waits until commit."""
    target = effects.reading.target
    if target is None:
        return
    effects.phase_is("contract")
    renames = any(a.kind in ("rename", "set schema", "owner to") for a in effects.reading.actions)
    effects.lock(target.name, AX if renames else SRX, kind="sequence")


def comment(effects: Effects) -> None:
    """COMMENT: SHARE UPDATE EXCLUSIVE for an instant."""
    on_table = any(a.value in ("constraint", "trigger", "rule", "policy") for a in effects.reading.actions)
    for named in effects.reading.objects:
        if on_table and named.kind == "table":
            effects.lock(named.name, AS)
        elif named.kind in ("table", "view", "materialized view", "index", "sequence"):
            effects.lock(named.name, SUX, kind=named.kind)


def grant(effects: Effects) -> None:
    """GRANT and REVOKE: no lock on the table before 18."""
    effects.phase_is("contract" if effects.reading.kind == "revoke" else "expand")
    mode = grant_lock(effects.version)
    for named in effects.reading.objects:
        if mode is not None and named.kind == "table":
            effects.lock(named.name, mode)


def publication(effects: Effects) -> None:
    """CREATE and ALTER PUBLICATION: SHARE UPDATE EXCLUSIVE on the tables they name."""
    effects.phase_is("contract" if effects.reading.kind == "drop publication" else "expand")
    for named in effects.reading.objects:
        if named.role == "used":
            effects.lock(named.name, SUX)


FAMILY: dict[str, Callable[[Effects], None]] = {
    **dict.fromkeys(("create table", "create foreign table", "create table as", "select into"), create_table),
    **dict.fromkeys(("create view", "create materialized view"), create_view),
    **dict.fromkeys(
        ("drop table", "drop view", "drop materialized view", "drop foreign table", "drop sequence"),
        drop_relation,
    ),
    **dict.fromkeys(("alter view", "alter materialized view"), alter_view),
    **dict.fromkeys(("create publication", "alter publication", "drop publication"), publication),
    "truncate table": truncate,
    "create trigger": _on_table(SRX, "contract"),
    "drop trigger": _on_table(AX, "contract"),
    "alter trigger": _on_table(AX, "contract"),
    "create rule": _on_table(AX, "contract"),
    "drop rule": _on_table(AX, "contract"),
    "create policy": _on_table(AX, "contract"),
    "alter policy": _on_table(AX, "contract"),
    "drop policy": _on_table(AX, "contract"),
    "create statistics": _on_table(SUX, "expand"),
    "refresh materialized view": refresh,
    "alter sequence": sequence,
    "comment": comment,
    "grant": grant,
    "revoke": grant,
}
