"""All locks or none, by polling, for as long as was said."""

from __future__ import annotations

import pytest

from alembic_safe.apply.locking import take_locks
from alembic_safe.errors import LockHeldError
from alembic_safe.model.events import Event, Waiting


class Lock:
    """A lock that is free after `busy` tries."""

    def __init__(self, busy: int = 0) -> None:
        self.busy = busy
        self.held = False
        self.tries = 0

    def try_take(self) -> bool:
        self.tries += 1
        self.held = self.tries > self.busy
        return self.held

    def holder(self) -> str:
        return "pid 4711 alice"

    def quiet(self) -> float | None:
        return None

    def check(self) -> None:
        assert self.held

    def release(self) -> None:
        self.held = False


def test_takes_all() -> None:
    locks = [Lock(), Lock()]
    take_locks(locks, wait=0, sink=lambda event: None, tick=lambda: None)
    assert all(lock.held for lock in locks)


def test_none_is_kept_when_one_is_held() -> None:
    locks = [Lock(), Lock(busy=10)]
    with pytest.raises(LockHeldError, match="pid 4711 alice"):
        take_locks(locks, wait=0, sink=lambda event: None, tick=lambda: None)
    assert not any(lock.held for lock in locks)
    assert locks[1].tries == 1


def test_waits_says_for_whom_and_takes() -> None:
    said: list[Event] = []
    locks = [Lock(), Lock(busy=3)]
    take_locks(locks, wait=20, sink=said.append, tick=lambda: None)
    assert all(lock.held for lock in locks)
    assert isinstance(said[0], Waiting)
    assert said[0].holder == "pid 4711 alice"


def test_a_tick_that_raises_ends_the_wait() -> None:
    def tick() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_locks([Lock(busy=99)], wait=60, sink=lambda event: None, tick=tick)
