"""The tracers of one target: of alembic's connection, and of those that a revision opens beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from alembic_safe.bridge.worker.tracing import Tracer, is_bookkeeping
from alembic_safe.model.revisions import Statement
from alembic_safe.model.traces import Trace
from alembic_safe.quick import dataclass


@dataclass(slots=True)
class Tracers:
    """Looks after each statement on the connection that it went over. `tell` sends what was seen.

    `disturbed` as in `Tracer`, of every step.
    """

    tell: Callable[[Trace], None]
    disturbed: bool = False
    _main: Tracer | None = None
    _connection: Any = None
    # by the driver's connection, which is kept for the step: a number alone may be given to another one
    _beside: dict[int, tuple[Any, Tracer]] = field(default_factory=dict)

    def begin_step(self, connection: Any) -> None:
        """A step begins on alembic's connection."""
        main = self._main = self._main or Tracer(self.tell)
        main.tell, main.disturbed = self.tell, self.disturbed or bool(self._beside)
        self._connection = connection
        self._beside.clear()
        main.begin_step(connection)

    def before(self, statement: Statement, over: Any) -> None:
        """A statement is about to go."""
        tracer = self._of(statement, over)
        if tracer is not None:
            tracer.before()

    def after(self, statement: Statement, over: Any) -> None:
        """It came back."""
        tracer = self._of(statement, over)
        if tracer is None or self._main is None:
            return
        # alembic's own may have been exchanged under it since the statement went
        connection = over if statement.own_connection else self._connection
        tracer.after(connection, statement.ordinal, statement.sql, statement.error is not None)
        if tracer is not self._main:
            # or the next statement of alembic's would have written it
            self._main.wal = max(self._main.wal, tracer.wal)

    def _of(self, statement: Statement, over: Any) -> Tracer | None:
        if not statement.own_connection or self._main is None:
            return self._main
        live = getattr(getattr(over, "connection", None), "dbapi_connection", None)
        if live is None:
            return None
        known = self._beside.get(id(live))
        if known is None:
            if is_bookkeeping(statement.sql):
                return None
            known = self._beside[id(live)] = (live, Tracer(self.tell, beside=True))
            known[1].begin_beside(over, self._connection, self._main.step)
        return known[1]
