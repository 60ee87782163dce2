"""Keeps a lease alive: a thread with a connection of its own, so that no long call of the run lets it die.

The run's connection is no use for that: while it waits for a count or a catalog query it renews nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    _Connection = psycopg.Connection[tuple[Any, ...]]


class Heartbeat:
    """Renews some rows every `pause` seconds until `stop`. It never raises: `beaten` and `lost` tell how it goes."""

    def __init__(
        self, connect: Callable[[], _Connection], sql: str, keys: Sequence[int], token: str, pause: float
    ) -> None:
        self._connect = connect
        self._sql = sql.encode()
        self._keys, self._token, self._pause = list(keys), token, pause
        self._ended = threading.Event()
        self.beaten = time.monotonic()
        self.lost = False
        self._thread = threading.Thread(target=self._work, name="alembic-safe lease", daemon=True)

    def start(self) -> None:
        """Begin; the rows were renewed a moment ago."""
        self._thread.start()

    def stop(self) -> None:
        """End it. What a network holds up is not waited for: the thread dies with the process."""
        self._ended.set()
        self._thread.join(timeout=2.0)

    def _work(self) -> None:
        connection: _Connection | None = None
        while not self.lost and not self._ended.wait(self._pause):
            try:
                connection = connection or self._connect()
                self._beat(connection)
            except psycopg.Error:  # tried again: the rows live longer than some pauses
                _close(connection)
                connection = None
        _close(connection)

    def _beat(self, connection: _Connection) -> None:
        sent = time.monotonic()
        rows = connection.execute(self._sql, [self._keys, self._token]).fetchall()
        if len(rows) < len(self._keys):
            self.lost = not self._ended.is_set()  # after that they may have been given back
        else:
            self.beaten = sent


def _close(connection: _Connection | None) -> None:
    if connection is not None:
        connection.close()
