"""Waits, before each revision, until the standbys are not too far behind.

The server's own replay_lag stands still where replay does, so the lag is measured here: how long ago was the
WAL written that a standby has not replayed yet?
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from alembic_safe.apply.preflight.check import duration, query
from alembic_safe.errors import GaveUpError
from alembic_safe.model.events import EventSink, Waiting
from alembic_safe.model.protocols import Database

_PAUSE = 0.5
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
        began = time.monotonic()
        while (behind := self._furthest(database)) is not None and go_on():
            name, lag = behind
            waited = time.monotonic() - began
            if waited >= self._patience:
                raise GaveUpError(
                    f"standby {name} is {duration(lag)} behind, and was waited for for {duration(waited)}",
                    hint="Look at the standby, then run the same command again; `replica-lag` is the bound.",
                )
            self._sink(Waiting(f"standby {name}", f"it is {duration(lag)} behind", waited))
            time.sleep(_PAUSE)

    def _furthest(self, database: Database) -> tuple[str, float] | None:
        """The standby that is behind the most, with its lag, if that is more than the bound."""
        if database.facts.dialect != "postgresql":
            return None
        rows = database.fetch(query("standbys"))
        now = time.monotonic()
        if not rows:
            return None
        current = position(rows[0][5])
        samples = self._samples.setdefault(database.facts.server, [])
        samples.append((now, current))
        lags = []
        for name, told, *_, replayed, _ in rows:
            measured = lag(samples, position(replayed), now)
            lags.append((max(measured, told or 0.0) if position(replayed) < current else 0.0, str(name)))
        worst, who = max(lags)
        return (who, worst) if worst > self._bound else None


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
