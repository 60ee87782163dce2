"""Sums for how long a revision waited for locks. Pure: the clock is given."""

from __future__ import annotations

import math

from alembic_safe.quick import dataclass


@dataclass(slots=True)
class WaitMeter:
    """`total` (s) is what has been counted; times are of one clock, in seconds. No moment is counted twice."""

    total: float = 0.0
    _since: float | None = None
    _counted_to: float = -math.inf

    def waits(self, since: float) -> None:
        """A session of ours is seen to wait, since then; who is in the way may have changed meanwhile."""
        since = max(since, self._counted_to)
        self._since = since if self._since is None else min(self._since, since)

    def ended(self, now: float) -> None:
        """It waits no more."""
        if self._since is not None:
            self.total += max(0.0, now - self._since)
            self._since, self._counted_to = None, now

    def begin_step(self, now: float) -> None:
        """Another revision: what is summed begins anew, from now."""
        self.total, self._since, self._counted_to = 0.0, None, now
