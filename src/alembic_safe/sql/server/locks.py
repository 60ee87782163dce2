"""Lock modes: which conflict, whom each blocks, and what each action of ALTER TABLE takes.

Sources: docs, Explicit Locking (table 13.2), ALTER TABLE; AlterTableGetLockLevel in the server's tablecmds.c.
The same for 15 to 18 but where a version is named. Each row is held by tests on real servers.
"""

from __future__ import annotations

from alembic_safe.model.facts import LockMode
from alembic_safe.sql.words import words

AS = LockMode.ACCESS_SHARE
RS = LockMode.ROW_SHARE
RX = LockMode.ROW_EXCLUSIVE
SUX = LockMode.SHARE_UPDATE_EXCLUSIVE
S = LockMode.SHARE
SRX = LockMode.SHARE_ROW_EXCLUSIVE
X = LockMode.EXCLUSIVE
AX = LockMode.ACCESS_EXCLUSIVE

CONFLICTS: dict[LockMode, frozenset[LockMode]] = {
    AS: frozenset({AX}),
    RS: frozenset({X, AX}),
    RX: frozenset({S, SRX, X, AX}),
    SUX: frozenset({SUX, S, SRX, X, AX}),
    S: frozenset({RX, SUX, SRX, X, AX}),
    SRX: frozenset({RX, SUX, S, SRX, X, AX}),
    X: frozenset({RS, RX, SUX, S, SRX, X, AX}),
    AX: frozenset(LockMode),
}

# What an application and the server's own upkeep run, and the lock it takes.
_QUERIES: tuple[tuple[str, LockMode], ...] = (
    ("SELECT", AS),
    ("SELECT ... FOR UPDATE", RS),
    ("INSERT, UPDATE, DELETE", RX),
    ("VACUUM, ANALYZE, CREATE INDEX CONCURRENTLY", SUX),
    ("CREATE INDEX", S),
    ("ALTER TABLE", AX),
)


def conflict(one: LockMode, other: LockMode) -> bool:
    """Whether the two cannot be held on one table at once by two sessions."""
    return other in CONFLICTS[one]


def blocked(mode: LockMode) -> tuple[str, ...]:
    """The queries that wait while another session holds `mode`, those of applications first."""
    return tuple(query for query, needed in _QUERIES if conflict(mode, needed))


_WEAK = words(
    "fillfactor toast_tuple_target parallel_workers vacuum_index_cleanup vacuum_truncate "
    "log_autovacuum_min_duration"
)


def parameters_lock(text: str) -> LockMode:
    """What SET (...) and RESET (...) take: ACCESS EXCLUSIVE only for a parameter that is not known."""
    for part in text.split(","):
        name = part.split("=")[0].strip().lower().removeprefix("toast.")
        if name not in _WEAK and not name.startswith("autovacuum_"):
            return AX
    return SUX


# Actions that take less than ACCESS EXCLUSIVE on their table.
ACTION_LOCKS: dict[str, LockMode] = {
    "set statistics": SUX,
    "set column options": SUX,
    "reset column options": SUX,
    "cluster on": SUX,
    "set without cluster": SUX,
    "validate constraint": SUX,
    "attach partition": SUX,
    "detach partition finalize": SUX,
    "enable trigger": SRX,
    "disable trigger": SRX,
    "enable always trigger": SRX,
    "enable replica trigger": SRX,
}


def partition_unique_lock(version: int) -> LockMode:
    """What partitions are locked with when UNIQUE or PRIMARY KEY is added to their parent."""
    return AX if version >= 18 else S


def grant_lock(version: int) -> LockMode | None:
    """What GRANT and REVOKE take on their table."""
    return AS if version >= 18 else None
