"""How far a backup is: passes ticks on, and tells the sink a few times a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from alembic_safe.backup.files import size_of
from alembic_safe.model.events import BackupProgress, EventSink

_EVERY = 0.2


class Progress:
    """A tick that tells. `expected` is how many bytes the dump is likely to have (None: nobody knows)."""

    def __init__(self, sink: EventSink, tick: Callable[[], None], expected: int | None = None) -> None:
        self._folder: Path | None = None
        self._sink, self._tick, self._expected = sink, tick, expected
        self._began = self._told = time.monotonic()
        self._phase = ""
        self._size = 0

    def watch(self, folder: Path) -> None:
        """Tell the size of this folder from now on."""
        self._folder = folder

    def begin(self, phase: str) -> None:
        """A part of the work begins: "dump", "read", "checksum", "command"."""
        self._phase = phase
        self._tell()

    def __call__(self) -> None:
        self._tick()
        if time.monotonic() - self._told >= _EVERY:
            self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        if self._folder is not None and self._phase != "checksum":  # nothing grows any more
            self._size = size_of(self._folder)
        self._sink(BackupProgress(self._phase, self._size, self._told - self._began, self._expected))
