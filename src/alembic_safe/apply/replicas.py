"""Waits, before each revision, until the standbys are not too far behind.

The server's own replay_lag stands still where replay does, so the lag is measured here: how long ago was the
WAL written that a standby has not replayed yet? A step's own WAL was written since the last look, so a standby is
near enough only once it has replayed what was there when the wait began.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from alembic_safe.apply.preflight.check import duration, query
from alembic_safe.errors import GaveUpError
from alembic_safe.model.events import EventSink, Waiting
from alembic_safe.model.protocols import Database, Rows

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5
_SAY_AFTER = 1.0
Sample = tuple[float, int]


class Replicas:
    """The standbys of one run's databases. `bound` and `patience` are seconds."""

    def __init__(self, bound: float, patience: float, sink: EventSink) -> None:
        self._bound = bound
        self._patience = patience
        self._sink = sink
        self._samples: dict[str, list[Sample]] = {}

    def wait(self, database: Database, go_on: Callable[[], bool]) -> None:
        """Return when every standby of the database is near enough, or `go_on` says no longer to wait.

        Raises `GaveUpError` naming the standby that stays behind.
        """
        began, pause = time.monotonic(), _FIRST_PAUSE
        goal: int | None = None
        while go_on():
            rows = database.fetch(query("standbys")) if database.facts.dialect == "postgresql" else []
            goal = position(rows[0][5]) if rows and goal is None else goal
            behind = self._furthest(database, rows, goal or 0)
            if behind is None:
                return
            name, lag = behind
            waited = time.monotonic() - began
            if waited >= self._patience:
                raise GaveUpError(
                    f"standby {name} is {duration(lag)} behind, and was waited for for {duration(waited)}",
                    hint="Look at the standby, then run the same command again; `replica-lag` is the bound.",
                )
            if waited >= _SAY_AFTER:
                self._sink(Waiting(f"standby {name}, which is {duration(lag)} behind", "", waited))
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    def _furthest(self, database: Database, rows: Rows, goal: int) -> tuple[str, float] | None:
        """The standby that is furthest behind, with its lag, of those beyond the bound or before `goal`."""
        if not rows:
            return None
        now, current = time.monotonic(), position(rows[0][5])
        samples = self._samples.setdefault(database.facts.server, [])
        samples.append((now, current))
        found = []
        for name, told, *_, replayed_, _ in rows:
            replayed = position(replayed_)
            behind = max(lag(samples, replayed, now), told or 0.0) if replayed < current else 0.0
            if behind > self._bound or replayed < goal:
                found.append((behind, str(name)))
        worst = max(found, default=None)
        return (worst[1], worst[0]) if worst is not None else None


def position(lsn: str) -> int:
    """A position in the WAL as a number of bytes.

    >>> position("1/10")
    4294967312
    """
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def lag(samples: Sequence[Sample], replayed: int, now: float) -> float:
    """Seconds since the first sample whose WAL is not replayed; 0 where all of it is. Samples rise in time. Pure."""
    return next((now - moment for moment, written in samples if written > replayed), 0.0)
