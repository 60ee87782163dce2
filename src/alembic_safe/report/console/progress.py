"""Progress while a command works: a sink for events that writes to a stream, alive on a terminal.

On a terminal the last lines show what is going on, with the time it takes; elsewhere a line is written when
a phase or a step ended, and one from time to time when nothing else is said, so that no pipeline takes a
long statement for a hang. It takes a thread of its own for that; nothing else of ours runs on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TextIO

from alembic_safe.model.events import (
    Event,
    Notice,
    PhaseBegan,
    PhaseEnded,
    StatementBegan,
    StatementEnded,
    StepBegan,
    StepEnded,
)
from alembic_safe.report.console.live import LiveLines, Moment
from alembic_safe.report.console.sayings import ongoing, saying

FIRST_BEAT, LATER_BEATS = 10.0, 60.0


class ConsoleProgress:
    """An `EventSink` that is also a context manager: what is alive ends with it.

    `terminal`: `stream` is one, and may be written over. `quiet` says nothing. `notices` are those shown so
    far, so that a result need not repeat them. Never raises: a stream that broke is written to no more.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        terminal: bool = False,
        color: bool = False,
        quiet: bool = False,
        verbose: bool = False,
        width: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._clock = stream, clock
        self._quiet, self._verbose = quiet, verbose
        self._now = Moment(clock)
        self._live = LiveLines(stream, self._now, color, width) if terminal and not quiet else None
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._beat_at = clock() + FIRST_BEAT
        self._thread: threading.Thread | None = None
        self.notices: list[str] = []

    def __enter__(self) -> ConsoleProgress:
        if self._live is None and not self._quiet:
            self._thread = threading.Thread(target=self._beats, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=2)
        if self._live is not None:
            with suppress(Exception):
                self._live.stop()

    def __call__(self, event: Event) -> None:
        with self._lock:
            line = saying(event, self._now.step, self._verbose)
            if isinstance(event, Notice) and not self._quiet:
                self.notices.append(event.message)
            self._follow(event)
            if not self._quiet:
                self._write(line)

    def beat(self) -> None:
        """Say what is still going on, when nothing was said for a while. Called by the thread."""
        with self._lock:
            now = self._clock()
            if now >= self._beat_at and self._now.what:
                self._write(f"still {self._now.phrase(120)}")
                self._beat_at = now + LATER_BEATS

    def _follow(self, event: Event) -> None:
        if isinstance(event, StepBegan):
            self._now.begin_step(event)
        elif isinstance(event, StatementBegan):
            self._now.statement_began(event.statement)
        elif isinstance(event, StatementEnded):
            self._now.statement = None
        elif isinstance(event, (StepEnded, PhaseEnded)):
            self._now.end()
        what = ongoing(event)
        if what is not None and not isinstance(event, StepBegan):
            self._now.go_on(what, anew=isinstance(event, PhaseBegan))

    def _write(self, line: str | None) -> None:
        with suppress(Exception):
            if self._live is not None:
                self._live.show(line)
            elif line is not None:
                self._beat_at = self._clock() + LATER_BEATS
                self._stream.write(line + "\n")
                self._stream.flush()

    def _beats(self) -> None:
        while not self._ended.wait(1.0):
            self.beat()
