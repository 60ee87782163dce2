"""Ending a worker that applies, for a signal or for what the guard did: politely first, by force after the grace.

A signal to the process alone is not enough: psycopg2 delivers it only after its statement, and the server goes
on with a statement whose client is gone. So the statement is cancelled on the server first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from alembic_safe.apply.guard.handle import Guard, describe_cut
from alembic_safe.apply.interrupts import Interrupts
from alembic_safe.bridge import Worker
from alembic_safe.bridge.messages import Message, StatementBegun, StatementEnded, StepBegun
from alembic_safe.errors import UnreachableError
from alembic_safe.model.protocols import Database

_GONE_SECONDS = 5.0
_PAUSE = 0.05
# a session that the guard ended can commit nothing any more; its code gets this long to notice
_CUT_SECONDS = 1.0


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
        guard: Guard | None = None,
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
        self._guard = guard
        self._cut_at: float | None = None
        self._terminated = False

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
        if self._guard is not None and not self._forced:
            self._heed(self._guard)
        # before a target is found there is nothing to stop; then `Guard.watch` says what became of it
        lost = task is not None and self._guard is not None and self._guard.lost is not None
        if not (self._interrupts.count or lost) or self._forced:
            return
        now = time.monotonic()
        if self._asked is None:
            self._asked = now
            self._ask("the guard is lost" if lost else f"interrupted by {self._interrupts.name}")
        elif self._interrupts.count > 1 or now - self._asked > self._grace:
            self._end_now()

    def _heed(self, guard: Guard) -> None:
        """See that what the guard cut does not go on: neither to its commit, nor in code that does not notice."""
        guard.poll()
        cut = guard.cut
        if cut is None:
            return
        now = time.monotonic()
        if guard.powerless is not None:
            # without the client the server ends the session by itself, within client_connection_check_interval
            self._end_now()
        elif self._cut_at is None or (cut.kind == "terminate" and not self._terminated):
            self._cut_at = now
            self._terminated = cut.kind == "terminate"
            guard.heed()
            self._worker.stop(describe_cut(cut))
            if self._terminated:
                self._worker.interrupt()
        elif self._terminated and now - self._cut_at > _CUT_SECONDS:
            self._end_now()

    def _end_now(self) -> None:
        self._forced = True
        self._worker.kill()

    def _ask(self, why: str) -> None:
        """Cancel the statement on the server, or interrupt the Python code between statements.

        Between steps nothing needs doing: the worker waits for a word and gets "stop".
        """
        task = self._current()
        # it reads this before its next commit, whether it waits for a word or not
        self._worker.stop(why)
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
