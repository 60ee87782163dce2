"""Effects of attaching, detaching and inheriting."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Action, Name
from alembic_safe.sql.effects.bounds import may_prove
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.schema.model import TableState
from alembic_safe.sql.server.locks import AS, AX, SRX, SUX


def attach(effects: Effects, name: Name, action: Action) -> None:
    """ATTACH: the new partition is scanned unless a valid CHECK proves its bound; the default one as well."""
    effects.phase_is("expand")
    if action.object is None:
        return
    part = action.object.name
    effects.lock(part, AX, "it becomes a partition")
    effects.lock_children(part, AX)
    parent = effects.table(name)
    proven = _may_prove(effects, part) and _fits(effects, parent, part, action.value)
    if action.value == "default":
        first = parent is not None and not parent.children
        effects.scan(
            part, "partition", "rows of the other bounds are looked for", certain=not (proven or first)
        )
    else:
        why = "its CHECK may prove the bound" if proven else "no CHECK proves the bound"
        effects.scan(part, "partition", why, certain=not proven)
    lock_default(effects, name)
    lock_foreign(effects, name)


def _may_prove(effects: Effects, part: Name) -> bool:
    """Whether a valid CHECK is there that could prove the bound; the proof itself is the server's."""
    table = effects.table(part)
    if table is None or not table.complete:
        return table is not None and any(c.kind == "check" for c in table.constraints.values())
    return any(c.kind == "check" and c.valid for c in table.constraints.values())


def _fits(effects: Effects, parent: TableState | None, part: Name, bound: str | None) -> bool:
    """False where the valid CHECKs of a table that is known allow rows outside the bound."""
    table = effects.table(part)
    key = parent.partition_key if parent is not None else ()
    if bound is None or bound == "default" or table is None or not table.complete or len(key) != 1:
        return True
    checks = [c.expression for c in table.constraints.values() if c.kind == "check" and c.valid]
    column = table.columns.get(key[0])
    # a bound keeps NULL out as well, and no comparison does
    if column is not None and not column.not_null and not any(map(_says_not_null, checks)):
        return False
    return may_prove(bound, key[0], checks)


def _says_not_null(check: str) -> bool:
    return "is not null" in " ".join(check.lower().split())


def lock_default(effects: Effects, parent: Name) -> None:
    """A new partition: the default one is locked and scanned for its rows."""
    table = effects.table(parent)
    default = table.default_partition if table else None
    if default is not None:
        effects.lock(default, AX, f"the default partition of {parent}")
        effects.lock_children(default, AX)
        proven = _may_prove(effects, default)
        effects.scan(default, "partition", "rows of the new bound are looked for", certain=not proven)
    elif table is None or not table.complete:
        effects.doubts.append("a default partition, if there is one, is locked and scanned")


def lock_foreign(effects: Effects, parent: Name) -> None:
    """A new partition gets its parent's foreign keys, both ways: the tables at their other ends are locked."""
    table = effects.table(parent)
    for constraint in table.constraints.values() if table else ():
        if constraint.references is not None:
            effects.lock_referenced(constraint.references, SRX, "the partition gets its parent's foreign key")
    for other, constraint in effects.schema.referencing(parent):
        effects.lock(other.name, SRX, f"its {constraint.name} reaches the new partition")


def detach(effects: Effects, name: Name, action: Action) -> None:
    """DETACH: ACCESS EXCLUSIVE on parent, partition and default; CONCURRENTLY needs to be on its own."""
    effects.phase_is("contract")
    if action.object is None:
        return
    effects.lock(action.object.name, AX, "it stops being a partition")
    effects.lock_children(action.object.name, AX)
    table = effects.table(name)
    if table is not None and table.default_partition is not None:
        if "concurrently" in action.flags:
            effects.fails = "DETACH CONCURRENTLY is refused where there is a default partition"
        effects.lock(table.default_partition, AX, f"the default partition of {name}")


def inherit(effects: Effects, name: Name, action: Action) -> None:
    """INHERIT and NO INHERIT lock the parent as well."""
    effects.phase_is("contract")
    if action.object is not None:
        effects.lock(action.object.name, SUX if action.kind == "inherit" else AS, "the parent")


JUDGES: dict[str, Callable[[Effects, Name, Action], None]] = {
    "attach partition": attach,
    "detach partition": detach,
    "detach partition finalize": detach,
    "inherit": inherit,
    "no inherit": inherit,
}
