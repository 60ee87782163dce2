"""What the guard sees of a server: our sessions, who waits for them, and whom they wait for."""

from __future__ import annotations

from typing import Literal

from alembic_safe.model.targets import Session
from alembic_safe.quick import dataclass

# why: somebody waited too long for us; we waited too long for others; or for a connection of our own
CutReason = Literal["stall", "wait", "own blocker"]
CutKind = Literal["cancel", "terminate"]


@dataclass(frozen=True, slots=True)
class Other:
    """A session that is in the way, or waits. What may not be seen is "" or None; ages are in seconds.

    `ours`: it is a connection that the migration itself opened. `pid` 0 is a prepared transaction.
    """

    pid: int
    user: str = ""
    application: str = ""
    state: str = ""
    query: str = ""
    age: float | None = None
    ours: bool = False

    def __str__(self) -> str:
        """ "pid 4711, user app, application web, idle in transaction for 12 s: SELECT ..." """
        state = f"{self.state or 'state not visible'}"
        if self.age is not None:
            state += f", its transaction open for {self.age:.1f} s"
        parts = [
            "a prepared transaction" if not self.pid else f"pid {self.pid}",
            f"user {self.user}" if self.user else "",
            f"application {self.application}" if self.application else "",
            state,
        ]
        said = ", ".join(part for part in parts if part)
        return f"{said}: {self.query}" if self.query else said


@dataclass(frozen=True, slots=True)
class OurSession:
    """A session of the run that is in a transaction, or not (`transaction` ""); `transaction` is its start as text.

    `age` is how long the transaction is open. `waited` is for how long the session waits for a lock, None when it
    does not; `blockers` are the pids in its way, 0 for a prepared transaction.
    """

    session: Session
    transaction: str = ""
    age: float = 0.0
    state: str = ""
    waited: float | None = None
    waits_for: str = ""
    blockers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiter:
    """A session of somebody else's that waits for a lock, for `waited` seconds, behind the pids `blockers`."""

    pid: int
    waited: float
    waits_for: str
    blockers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `hidden` sessions carry the run's name, but nothing more of them may be seen."""

    ours: tuple[OurSession, ...] = ()
    waiters: tuple[Waiter, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """How far a long command is, from pg_stat_progress_*; `total` 0 where it is not known."""

    command: str
    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Cut:
    """That the guard ended a statement (cancel) or a session (terminate) of ours, and why.

    `waited` is the longest wait (seconds), `others` who waited (stall) or was in the way.
    """

    kind: CutKind
    reason: CutReason
    pid: int
    waited: float
    waits_for: str = ""
    others: tuple[Other, ...] = ()
