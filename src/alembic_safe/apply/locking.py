"""Taking deploy locks: by polling, in one order for everybody, all or none."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from alembic_safe.errors import LockHeldError
from alembic_safe.model.events import EventSink, Waiting
from alembic_safe.model.protocols import DeployLock

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_SAY_EVERY = 2.0


def take_locks(
    locks: Sequence[DeployLock], *, wait: float, sink: EventSink, tick: Callable[[], None]
) -> None:
    """Take every lock, polling for up to `wait` seconds in all; the caller gives them in sorted order.

    While one is held by another run none of ours is kept, so two deployers of several databases cannot hold
    one each for ever. Raises `LockHeldError` naming the holder; nothing is held then.
    """
    began = time.monotonic()
    pause, said = _FIRST_PAUSE, began
    while (held := _try(locks)) is not None:
        waited = time.monotonic() - began
        holder = held.holder()
        if waited >= wait:
            after = f" after waiting {waited:.0f} s" if wait else ""
            raise LockHeldError(
                f"another run holds the deploy lock{after}" + (f": {holder}" if holder else "")
            )
        if waited == 0 or time.monotonic() - said >= _SAY_EVERY or pause == _FIRST_PAUSE:
            sink(Waiting("the deploy lock", holder, waited))
            said = time.monotonic()
        tick()
        time.sleep(min(pause, max(0.0, wait - waited)))
        pause = min(_LONGEST_PAUSE, pause * 2)


def _try(locks: Sequence[DeployLock]) -> DeployLock | None:
    """The lock that could not be taken, with none held; None when all are ours."""
    for number, lock in enumerate(locks):
        if not lock.try_take():
            for taken in locks[:number]:
                taken.release()
            return lock
    return None
