"""Ending a worker that applies: politely on the first signal, by force on the second or after the grace.

A signal to the process alone is not enough: psycopg2 delivers it only after its statement, and the server goes
on with a statement whose client is gone. So the statement is cancelled on the server first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from alembic_safe.apply.interrupts import Interrupts
from alembic_safe.bridge import Worker
from alembic_safe.bridge.messages import Message, StatementBegun, StatementEnded, StepBegun
from alembic_safe.errors import UnreachableError
from alembic_safe.model.protocols import Database

_GONE_SECONDS = 5.0
_PAUSE = 0.05


class _HasDatabase(Protocol):
    @property
    def database(self) -> Database: ...


class Ending:
    """The tick of an applying worker: keeps our connection alive, and turns signals into an orderly end."""

    def __init__(
        self,
        worker: Worker,
        grace: float,
        interrupts: Interrupts,
        application_name: str,
        current: Callable[[], _HasDatabase | None],
    ) -> None:
        self._worker = worker
        self._grace = grace
        self._interrupts = interrupts
        self._application_name = application_name
        self._current = current
        self._asked: float | None = None
        self._forced = False
        self._in_statement = False
        self._in_step = False

    def see(self, message: Message) -> None:
        """Follow what the worker is doing, to know what an interruption must reach."""
        if isinstance(message, StatementBegun | StatementEnded):
            self._in_statement = isinstance(message, StatementBegun)
        self._in_step = isinstance(message, StepBegun | StatementBegun | StatementEnded)

    def tick(self) -> None:
        """Called at least every 0.1 s."""
        task = self._current()
        if task is not None:
            task.database.ping()
        if not self._interrupts.count or self._forced:
            return
        now = time.monotonic()
        if self._asked is None:
            self._asked = now
            self._ask()
        elif self._interrupts.count > 1 or now - self._asked > self._grace:
            self._forced = True
            self._worker.kill()

    def _ask(self) -> None:
        """Cancel the statement on the server, or interrupt the Python code between statements.

        Between steps nothing needs doing: the worker waits for a word and gets "stop".
        """
        task = self._current()
        # it reads this before its next commit, whether it waits for a word or not
        self._worker.stop(f"interrupted by {self._interrupts.name}")
        if self._in_statement and task is not None:
            with suppress(UnreachableError):
                database = task.database
                database.cancel(database.sessions(self._application_name))
            if task.database.facts.dialect == "sqlite":
                self._worker.interrupt()
        elif self._in_step or task is None:
            self._worker.interrupt()


def end_sessions(database: Database, application_name: str) -> None:
    """End what is left of a worker's sessions on the server, and wait until they are gone (or 5 s).

    Only then is what became of their transactions settled.
    """
    deadline = time.monotonic() + _GONE_SECONDS
    while (left := database.sessions(application_name)) and time.monotonic() < deadline:
        database.terminate(left)
        time.sleep(_PAUSE)
