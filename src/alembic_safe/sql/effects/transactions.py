"""Which statements refuse a transaction block, and which begin or end one (docs: each command, Notes)."""

from __future__ import annotations

from alembic_safe.model.facts import Reading
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.words import words

_ALWAYS = {
    "vacuum",
    "create database",
    "drop database",
    "create tablespace",
    "drop tablespace",
    "alter system",
    "discard all",
    "commit prepared",
    "rollback prepared",
}
_CONTROL = words("begin commit rollback savepoint release")
_CONCURRENT = {"create index", "drop index", "reindex"}


def judge_transaction(effects: Effects) -> None:
    """Set what concerns transactions."""
    reading = effects.reading
    effects.refuses = effects.refuses or refuses_transaction(reading)
    control = reading.kind in _CONTROL or reading.kind in ("start transaction", "prepare transaction")
    effects.controls = effects.controls or (control and reading.kind not in ("savepoint", "release"))


def refuses_transaction(reading: Reading) -> bool:
    """Whether the server answers with error 25001 inside a transaction block (2D000 to a DO that commits)."""
    kind, flags = reading.kind, reading.flags
    if kind in _ALWAYS:
        return True
    if kind in _CONCURRENT and "concurrently" in flags:
        return True
    if kind == "alter table" and "concurrently" in flags:
        return True
    if kind == "do" and "commits" in flags:
        return True
    if kind == "reindex":
        return any(a.value in ("schema", "database", "system") for a in reading.actions)
    if kind == "cluster":
        return not reading.objects
    if kind == "alter database":
        return any((a.value or "").lower().startswith("set tablespace") for a in reading.actions)
    return kind in ("create subscription", "drop subscription")
