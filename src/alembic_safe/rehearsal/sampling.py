"""Locks of a statement that commits by itself, seen from outside while it runs: when it is done they are gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_EVERY = 0.01

Look = Callable[[], list[tuple[int, str]]]


class Sampler:
    """Calls `look` (oid and mode of each lock on the clone that is not ours) in a thread, while told to.

    What lasts shorter than a look is not seen. Whoever made it ends it with `close`.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._wanted = threading.Event()
        self._over = False
        self._lock = threading.Lock()
        self._seen: dict[int, set[str]] = {}
        self._thread = threading.Thread(target=self._run, name="alembic-safe sampler", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """A statement begins."""
        with self._lock:
            self._seen = {}
        self._wanted.set()

    def end(self) -> dict[int, tuple[str, ...]]:
        """It is done: the modes seen, by oid."""
        self._wanted.clear()
        with self._lock:
            return {oid: tuple(sorted(modes)) for oid, modes in self._seen.items()}

    def close(self) -> None:
        """End the thread. Never raises."""
        self._over = True
        self._wanted.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        while not self._over:
            if not self._wanted.wait(1.0) or self._over:
                continue
            try:
                found = self._look()
            except Exception:
                return  # the connection is gone: the rehearsal itself will say why
            with self._lock:
                for oid, mode in found:
                    self._seen.setdefault(oid, set()).add(mode)
            time.sleep(_EVERY)
