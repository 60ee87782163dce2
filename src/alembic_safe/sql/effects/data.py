"""Effects of reading and writing rows, of COPY, LOCK and EXPLAIN."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.server.locks import AS, RS, RX


def query(effects: Effects) -> None:
    """Queries and COPY: weak locks on tables; rows that are changed stay locked to the end."""
    flags = effects.reading.flags
    for named in effects.reading.objects:
        if named.role == "written":
            effects.lock(named.name, RX)
            routed = effects.reading.kind not in ("update", "delete")
            for child in (
                effects.schema.descendants(named.name) if "only" not in effects.reading.flags else ()
            ):
                if not routed or effects.partitioned(named.name):
                    effects.lock(child.name, RX, "where its rows are", certain=not routed)
        elif named.role == "read":
            effects.lock(named.name, RS if "for update" in flags else AS)
            for behind in (named.name, *_behind(effects, named.name)):
                effects.lock(behind, AS)
                effects.scan(behind, "rows", "its rows are read", certain=False)
    for named in effects.reading.objects:
        if named.role == "written":
            _foreign_keys(effects, named.name)
    written = any(o.role == "written" for o in effects.reading.objects)
    if written:
        effects.phase_is("backfill")
        _loss(effects)


def _foreign_keys(effects: Effects, name: Name) -> None:
    """Rows written are looked up in referenced tables; rows that go, in those that reference them."""
    table = effects.table(name)
    if effects.reading.kind != "delete":
        for constraint in table.constraints.values() if table else ():
            if constraint.references is not None:
                effects.lock(constraint.references, RS, f"{constraint.name} is checked", certain=False)
    if effects.reading.kind not in ("insert", "copy"):
        for other, constraint in effects.schema.referencing(name):
            changes = constraint.on_delete not in ("", "no action", "restrict") or constraint.on_update
            effects.lock(
                other.name, RX if changes else RS, f"its {constraint.name} is checked", certain=False
            )
            effects.scan(other.name, "rows", "unless an index leads to its rows", certain=False)


def _behind(effects: Effects, name: Name) -> tuple[Name, ...]:
    """What a view reads is read with it."""
    table = effects.table(name)
    return table.reads if table is not None and table.kind == "view" else ()


def _loss(effects: Effects) -> None:
    flags = effects.reading.flags
    target = effects.reading.target
    if target is None:
        return
    if "delete" in flags or effects.reading.kind == "merge":
        effects.loses(f"rows of {target.name}")
    elif "update" in flags:
        effects.loses(f"the former values in {target.name}")
    certain = "where" not in flags and "merge" not in flags
    if flags & {"update", "delete", "merge"}:
        effects.scan(target.name, "rows", "rows are looked for", certain=certain)


def lock_table(effects: Effects) -> None:
    """LOCK TABLE: what it says, on partitions and children too."""
    value = next((a.value for a in effects.reading.actions if a.value), "access exclusive")
    mode = LockMode[value.upper().replace(" ", "_")]
    for named in effects.reading.objects:
        effects.lock(named.name, mode)
        effects.lock_children(named.name, mode)


FAMILY: dict[str, Callable[[Effects], None]] = {
    **dict.fromkeys(
        ("select", "insert", "update", "delete", "merge", "copy", "prepare", "declare cursor"), query
    ),
    "lock table": lock_table,
}
