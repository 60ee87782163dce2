"""SIGINT, SIGTERM and SIGHUP as a count that the run looks at, so that nothing is torn in the middle."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from alembic_safe.errors import RevisionFailedError

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupted(RevisionFailedError):
    """A signal came while nothing was being applied."""

    default_hint = "Nothing was changed: run the same command again."


class Interrupts:
    """While entered, the signals are counted, and `also` is called, if it is set; they do nothing else.

    `also` is for what our own process is stuck in, such as a query that waits for a lock; it must not block or raise.
    A hang-up that is ignored (nohup) stays so.
    """

    def __init__(self) -> None:
        self.count = 0
        self.name = ""
        self.also: Callable[[], None] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        for number in _SIGNALS:
            if number.name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        self.name = signal.Signals(number).name
        if self.also is not None:
            self.also()

    def check(self) -> None:
        """Raise `Interrupted` once a signal has come. For phases in which nothing is applied."""
        if self.count:
            raise Interrupted(f"interrupted by {self.name} before anything was applied")
