"""From one look after another to what must be done. Pure: the clock is given."""

from __future__ import annotations

import math
from dataclasses import field

from alembic_safe.model.guarding import CutKind, CutReason, Look, OurSession, Waiter
from alembic_safe.model.policies import GuardPolicy
from alembic_safe.quick import dataclass

# how long a cancelled statement may take to let go, and until a session that is to end is told so again
CANCEL_SECONDS = 0.2
AGAIN_SECONDS = 1.0
# a wait of ours for a connection of ours never ends; a look or two make sure that it is one
OWN_BLOCKER_SECONDS = 0.3

_Key = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Act:
    """Cancel or terminate `session`, whose transaction is the one it was seen in."""

    kind: CutKind
    reason: CutReason
    ours: OurSession
    waited: float
    waits_for: str
    others: tuple[int, ...]


@dataclass(slots=True)
class _Cutting:
    """What was done to a transaction of ours, and when."""

    kind: CutKind
    at: float


@dataclass(slots=True)
class Judge:
    """Follows a step. `total` is the time (s) in which anybody waited for us, in all attempts of the step."""

    policy: GuardPolicy
    total: float = 0.0
    _counted_to: float = -math.inf
    _cut: dict[_Key, _Cutting] = field(default_factory=dict)

    def begin_step(self) -> None:
        """Another revision: what is summed begins anew."""
        self.total = 0.0

    def see(self, look: Look, now: float) -> list[Act]:
        """What is to be done about this look; `now` is a clock in seconds."""
        pids = {one.session.pid for one in look.ours}
        acts = []
        longest = 0.0
        for ours in look.ours:
            if not ours.transaction:
                continue
            behind = [w for w in look.waiters if ours.session.pid in w.blockers]
            # nobody has waited for a transaction longer than it lives, whatever was waited for before
            stall = min(max((w.waited for w in behind), default=0.0), ours.age)
            longest = max(longest, stall)
            act = self._judge(ours, behind, stall, pids, now)
            if act is not None:
                acts.append(act)
        self._count(longest, now)
        self._cut = {key: cut for key, cut in self._cut.items() if key in {_key(o) for o in look.ours}}
        return acts

    def _judge(
        self, ours: OurSession, behind: list[Waiter], stall: float, pids: set[int], now: float
    ) -> Act | None:
        policy = self.policy
        if behind and policy.maintenance is None:
            left = policy.max_total_stall - self.total
            if stall > policy.max_stall or left < 0:
                worst = max(behind, key=lambda waiter: waiter.waited)
                kind = self._how(ours, now)
                others = tuple(w.pid for w in behind)
                return kind and Act(kind, "stall", ours, stall, worst.waits_for, others)
        if ours.waited is None:
            return None
        if ours.waited > OWN_BLOCKER_SECONDS and ours.blockers and set(ours.blockers) <= pids:
            kind = self._how(ours, now)
            return kind and Act(kind, "own blocker", ours, ours.waited, ours.waits_for, ours.blockers)
        if ours.waited > policy.max_wait:
            kind = self._how(ours, now)
            return kind and Act(kind, "wait", ours, ours.waited, ours.waits_for, ours.blockers)
        return None

    def _how(self, ours: OurSession, now: float) -> CutKind | None:
        """Cancel what runs; end what does not run, or did not let go; None while a cut has time to work."""
        before = self._cut.get(_key(ours))
        if before is None:
            kind: CutKind = "cancel" if ours.state in {"active", "fastpath function call"} else "terminate"
        elif now - before.at < (CANCEL_SECONDS if before.kind == "cancel" else AGAIN_SECONDS):
            return None
        else:
            kind = "terminate"
        self._cut[_key(ours)] = _Cutting(kind, now)
        return kind

    def _count(self, longest: float, now: float) -> None:
        """Add the part of the wait that was not counted by an earlier look."""
        if longest > 0:
            self.total += now - max(self._counted_to, now - longest)
            self._counted_to = now


def _key(ours: OurSession) -> _Key:
    return (ours.session.pid, ours.session.began, ours.transaction)
