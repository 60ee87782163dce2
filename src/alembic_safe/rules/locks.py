"""Whom a held lock stops, in the words of findings (docs: explicit-locking, table 13.2)."""

from __future__ import annotations

from alembic_safe.model.facts import LockMode

_READS, _LOCKS, _WRITES = "SELECT", "SELECT ... FOR UPDATE", "INSERT, UPDATE, DELETE"


def blocked(mode: LockMode | None) -> tuple[str, ...]:
    """The application's queries that wait while `mode` is held on their table."""
    if mode is None or mode < LockMode.SHARE:
        return ()
    if mode is LockMode.ACCESS_EXCLUSIVE:
        return (_READS, _LOCKS, _WRITES)
    return (_LOCKS, _WRITES) if mode is LockMode.EXCLUSIVE else (_WRITES,)


def waiters(mode: LockMode) -> str:
    """Who waits, as a sentence has it."""
    if mode is LockMode.ACCESS_EXCLUSIVE:
        return "every read and write"
    return "every write" if mode >= LockMode.SHARE else "nobody"
