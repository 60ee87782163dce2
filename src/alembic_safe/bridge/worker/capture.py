"""Statements of a running revision, from SQLAlchemy's cursor events on the Engine class.

Seen: everything that goes through SQLAlchemy, on any engine of the process. Not seen: a raw DBAPI cursor
(COPY by hand) and what another program does. Bound values are never kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from alembic_safe.bridge.worker import drivers, explain
from alembic_safe.bridge.worker.locate import Locator
from alembic_safe.bridge.worker.masking import mask_sql
from alembic_safe.model.revisions import Statement
from alembic_safe.quick import dataclass


@dataclass(slots=True)
class Recording:
    """One revision's recording, on alembic's `connection`.

    `begun` and `ended` are called with each statement and the SQLAlchemy connection that it goes over.
    """

    locator: Locator
    connection: Any
    begun: Callable[[Statement, Any], None]
    ended: Callable[[Statement, Any], None]
    text: Callable[[str], str] = mask_sql
    count: int = 0


class StatementCapture:
    """Listens for the life of a worker; records only while a recording is set."""

    def __init__(self) -> None:
        self.recording: Recording | None = None
        self.paused = False
        # of a revision that is finished rather than begun: whether this statement is left out
        self.leave_out: Callable[[Any, str], bool] | None = None
        self._open: dict[int, tuple[Statement, float, Any]] = {}

    def install(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)
        event.listen(Engine, "handle_error", self._failed)

    def _before(
        self,
        connection: Any,
        cursor: Any,
        sql: str,
        parameters: Any,
        context: Any,
        executemany: bool,
    ) -> None:
        recording = self.recording
        if recording is None or self.paused:
            return
        if self.leave_out is not None and self.leave_out(cursor, recording.text(sql)):
            return
        recording.count += 1
        statement = Statement(
            recording.count,
            recording.text(sql),
            recording.locator.here(),
            autocommit=is_autocommit(connection),
            own_connection=not drivers.same(connection, recording.connection),
        )
        recording.begun(statement, connection)
        self._open[id(cursor)] = (statement, time.perf_counter(), connection)

    def _after(
        self,
        connection: Any,
        cursor: Any,
        sql: str,
        parameters: Any,
        context: Any,
        executemany: bool,
    ) -> None:
        self._end(cursor, cursor.rowcount, None)

    def _failed(self, context: Any) -> None:
        # without an execution the fault was in connecting or in compiling, not in a statement; and
        # SQLAlchemy never sets the `cursor` that it documents here
        execution = context.execution_context
        if execution is not None and getattr(execution, "cursor", None) is not None:
            error = context.sqlalchemy_exception or context.original_exception
            self._end(execution.cursor, None, explain.describe(error))

    def running(self, cursor: Any) -> Statement | None:
        """The statement that this cursor executes now."""
        found = self._open.get(id(cursor))
        return found[0] if found is not None else None

    def _end(self, cursor: Any, rows: int | None, error: str | None) -> None:
        found = self._open.pop(id(cursor), None)
        if found is None or self.recording is None:
            return
        statement, began, connection = found
        self.recording.ended(
            replace(
                statement,
                duration=time.perf_counter() - began,
                rows=rows if isinstance(rows, int) and rows >= 0 else None,
                error=error,
            ),
            connection,
        )


def is_autocommit(connection: Any) -> bool:
    """Whether what this SQLAlchemy connection executes now is committed at once."""
    live = getattr(connection.connection, "dbapi_connection", None)
    return live is not None and drivers.commits_each(live)
