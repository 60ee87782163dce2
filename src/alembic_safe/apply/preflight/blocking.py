"""Whose locks on the plan's tables the plan would have to wait for."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import LockedTable, Scene, query
from alembic_safe.model.facts import LockMode
from alembic_safe.quick import dataclass

_MODES = {mode.server_name: mode for mode in LockMode}


@dataclass(frozen=True, slots=True)
class Blocker:
    """A granted lock that conflicts with the plan's. `age` (s) None: the role may not see it.

    `kind` is the backend's type ("client backend", "autovacuum worker"), or "prepared transaction", whose
    `name` is then its identifier.
    """

    table: LockedTable
    mode: LockMode
    kind: str
    pid: int | None
    user: str | None
    name: str | None
    state: str | None
    age: float | None
    query: str | None


def blockers(scene: Scene) -> Iterator[Blocker]:
    """Every conflicting lock, the oldest transaction first."""
    tables = {table.oid: table for table in scene.tables}
    if not tables:
        return
    from alembic_safe.sql.server.locks import conflict  # heavy, and loaded by now where there is a plan

    for oid, mode, kind, pid, user, name, state, age, text in scene.database.fetch(
        query("blockers"), [list(tables)]
    ):
        held = _MODES.get(mode)
        if held is not None and name not in scene.own and conflict(tables[oid].mode, held):
            yield Blocker(tables[oid], held, kind, pid, user, name, state, age, text)
