"""When a revision is tried again, and after which pause. Pure: clock and chance are given.

Full jitter (a pause drawn from nothing up to a bound that doubles) keeps several deployers, and the application's own
retries, from meeting us again at the same moment: aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter.
"""

from __future__ import annotations

from typing import Literal

from alembic_safe.model.guarding import CutReason
from alembic_safe.model.policies import GuardPolicy
from alembic_safe.model.runs import StepOutcome
from alembic_safe.quick import dataclass

Cause = Literal["lock", "deadlock", "serialization", "stall", "wait", "withdrawn"]

FIRST_BOUND = 1.0
LAST_BOUND = 15.0
LEAST_PAUSE = 0.1
# a statement that commits by itself is tried this often; each try scans its table twice
STATEMENT_TRIES = 5

_BY_SQLSTATE: dict[str, Cause] = {"55P03": "lock", "40P01": "deadlock", "40001": "serialization"}
_BUSY = "database is locked"


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt at `revision` ended that did not commit. `cut` is the guard's reason, None when it did not cut.

    `withdrawn`: the revision was stopped for a cut that there was nothing left for, so that it bears no blame.
    """

    revision: str
    outcome: StepOutcome
    sqlstate: str | None = None
    message: str = ""
    cut: CutReason | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Tries:
    """The attempts at one revision so far: how many failed, how many of them for their stall, since when (a clock)."""

    revision: str
    failed: int
    stalls: int
    since: float


def cause_of(ended: Ended) -> Cause | None:
    """Why it is worth another attempt; None when it is not, or must not be made: part of it is committed."""
    if ended.outcome != "rolled_back":
        return None
    if ended.withdrawn:
        return "withdrawn"
    if ended.cut == "own blocker":
        return None
    if ended.cut is not None:
        return ended.cut
    if ended.sqlstate is None and _BUSY in ended.message:
        return "lock"
    return _BY_SQLSTATE.get(ended.sqlstate or "")


def waited_in_vain(ended: Ended) -> bool:
    """Whether a lock that somebody held is what ended it, be it that nothing of it is committed or a part."""
    return ended.cut is None and _BY_SQLSTATE.get(ended.sqlstate or "") == "lock"


def after(tries: Tries | None, ended: Ended, now: float) -> Tries:
    """The count with this attempt in it."""
    before = tries if tries is not None and tries.revision == ended.revision else None
    stalled = int(ended.cut == "stall" and not ended.withdrawn)
    if before is None:
        return Tries(ended.revision, 1, stalled, now)
    return Tries(ended.revision, before.failed + 1, before.stalls + stalled, before.since)


def pause(
    tries: Tries, cause: Cause, policy: GuardPolicy, *, stalled: float, now: float, chance: float
) -> float | None:
    """Seconds to wait before the next attempt; None to give up.

    `stalled` is for how long the application waited in all attempts, `chance` is drawn evenly from 0 to 1. A
    revision cut for its stall is tried once more: what held the application up twice does so by itself. No
    attempt is begun that could take the sum of the stalls over its budget.
    """
    if cause == "stall" and tries.stalls > 1:
        return None
    if policy.maintenance is None:
        next_stall = policy.max_stall if cause == "stall" else min(policy.lock_timeout, policy.max_stall)
        if stalled + next_stall > policy.max_total_stall:
            return None
    drawn = max(LEAST_PAUSE, chance * min(LAST_BOUND, FIRST_BOUND * 2 ** min(tries.failed - 1, 16)))
    return drawn if now + drawn - tries.since <= policy.retry_deadline else None
