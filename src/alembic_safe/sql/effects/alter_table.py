"""Effects of ALTER TABLE: the strongest action's lock on the table and its children, then each action's."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Action, LockMode, Name
from alembic_safe.sql.effects import columns, constraints, partitions
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.server.locks import ACTION_LOCKS, AX, SRX, SUX, parameters_lock

# Actions that concern the named table alone, whatever partitions or children it has.
_ALONE = {
    "rename", "set schema", "owner to", "attach partition", "detach partition", "inherit", "no inherit", "of",
    "detach partition finalize", "set parameters", "reset parameters", "replica identity", "not of",
    "enable row security", "disable row security", "force row security", "no force row security",
    "set tablespace", "set access method", "cluster on", "set without cluster", "enable rule", "disable rule",
}  # fmt: skip


def alter_table(effects: Effects) -> None:
    """All actions. Every lock is taken at once, in the strongest mode that any action needs."""
    reading = effects.reading
    target = reading.target
    if target is None:
        return
    name = target.name
    if effects.absent(name):
        return
    mode = max((action_lock(effects, name, a) for a in reading.actions), default=AX)
    effects.lock(name, mode, kind=target.kind)
    if any(a.kind not in _ALONE and not _own_only(effects, name, a) for a in reading.actions):
        effects.lock_children(name, mode)
    if any(a.kind in ("drop column", "drop constraint") for a in reading.actions):
        # with ONLY the children keep theirs, which has to be written down at each of them
        state = effects.table(name)
        for child in state.children if state else ():
            effects.lock(child, AX, f"a partition or child of {name}")
    for action in reading.actions:
        judge = _JUDGES.get(action.kind)
        if judge is not None:
            judge(effects, name, action)


def _own_only(effects: Effects, name: Name, action: Action) -> bool:
    """Whether it concerns a constraint that children do not have; 18 locks them when it is added all the same."""
    if action.kind == "add constraint" and effects.version >= 18:
        return False
    table = effects.table(name)
    held = (
        table.constraints.get(action.name or "") if table is not None and action.constraint is None else None
    )
    constraint = action.constraint or held
    return constraint is not None and (constraint.no_inherit or constraint.kind == "unique")


def action_lock(effects: Effects, name: Name, action: Action) -> LockMode:
    """The mode one action takes on its table."""
    if action.kind in ("set parameters", "reset parameters"):
        return parameters_lock(action.value or "")
    if action.kind == "add constraint" and action.constraint is not None:
        return SRX if action.constraint.kind == "foreign key" else AX
    if action.kind == "detach partition" and "concurrently" in action.flags:
        return SUX
    return ACTION_LOCKS.get(action.kind, AX)


def _incompatible(effects: Effects, name: Name, action: Action) -> None:
    effects.phase_is("incompatible")


def _contract(effects: Effects, name: Name, action: Action) -> None:
    effects.phase_is("contract")


def _expand(effects: Effects, name: Name, action: Action) -> None:
    effects.phase_is("expand")


def _logged(effects: Effects, name: Name, action: Action) -> None:
    table = effects.table(name)
    if table is not None and table.complete and table.unlogged == (action.kind == "set unlogged"):
        return
    effects.rewrite(name, f"{action.kind}: every row is written again")
    if action.kind == "set unlogged":
        effects.lossy.append(f"the rows of {name} after a crash, and on replicas")


def _moved(effects: Effects, name: Name, action: Action) -> None:
    effects.rewrite(
        name, f"{action.kind}: the files are copied, unless they are there already", certain=False
    )


def _replica_identity(effects: Effects, name: Name, action: Action) -> None:
    effects.phase_is("contract" if action.value == "nothing" else "neutral")


_JUDGES: dict[str, Callable[[Effects, Name, Action], None]] = {
    **columns.JUDGES,
    **constraints.JUDGES,
    **partitions.JUDGES,
    "rename": _incompatible,
    "rename column": _incompatible,
    "set schema": _incompatible,
    "rename constraint": _contract,
    "owner to": _contract,
    "set logged": _logged,
    "set unlogged": _logged,
    "set tablespace": _moved,
    "set access method": _moved,
    "enable row security": _contract,
    "force row security": _contract,
    "disable row security": _contract,
    "no force row security": _contract,
    "enable trigger": _contract,
    "disable trigger": _contract,
    "replica identity": _replica_identity,
    "set parameters": _expand,
    "reset parameters": _expand,
}
