"""Progress of moving a backup's bytes to and from a store: told five times a second, and stopped by `tick`."""

from __future__ import annotations

import time

from alembic_safe.backup.store import Moved, Tick
from alembic_safe.model.events import BackupProgress, EventSink

_TELL = 0.2


def moving(phase: str, sink: EventSink, tick: Tick) -> Moved:
    """A `Moved` that adds up what it is told of, and tells the sink of it as `phase`."""
    began: float | None = None
    told = total = 0.0

    def moved(size: int) -> None:
        nonlocal began, told, total
        tick()
        now = time.monotonic()
        began = now if began is None else began
        total += size
        if now - told >= _TELL:
            told = now
            sink(BackupProgress(phase, int(total), now - began))

    return moved
