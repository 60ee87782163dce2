"""Finishes a half applied revision: what is in effect is left out, if it comes with the same text and in order.

Its body runs from the beginning, so that Python's own state is what it was. Until all that is in effect has come, a
statement that changes definitions and is not the next one ends the run; nothing but queries, and what the
revision says may be run again, has been executed by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from alembic_safe.bridge.worker.capture import StatementCapture
from alembic_safe.model.natures import changes_definitions
from alembic_safe.model.recovery import Resume


class ResumeRefusedError(BaseException):
    """The revision does not do what it did. No Exception, so that a revision's `except Exception` does not eat it."""


class Resumption:
    """Listens for the life of a worker; acts while the one revision runs that is resumed."""

    def __init__(self, resume: Resume | None, capture: StatementCapture) -> None:
        self._resume = resume
        self._capture = capture
        self._left: list[str] = []
        self._cursors: set[int] = set()

    def install(self) -> None:
        if self._resume is not None:
            event.listen(Engine, "do_execute", self._execute)
            event.listen(Engine, "do_execute_no_params", self._execute_no_params)

    @contextmanager
    def of(self, target: int, revision: str) -> Iterator[None]:
        """While the body of a revision runs. Raises `ResumeRefusedError` when it ends without all that is in effect."""
        resume = self._resume
        if resume is None or (resume.target, resume.revision) != (target, revision):
            yield
            return
        self._left = list(resume.done)
        self._capture.leave_out = self._leave_out
        try:
            yield
        finally:
            self._capture.leave_out = None
        if self._left:
            raise ResumeRefusedError(
                f"the revision ended without {len(self._left)} of the statements that are in effect"
            )

    def _leave_out(self, cursor: Any, text: str) -> bool:
        if not self._left or not changes_definitions(text):
            return False
        if self._left[0] not in (_digest(text), _digest(" ".join(text.split()))):
            shown = " ".join(text.split())[:120]
            raise ResumeRefusedError(f"the revision does not do what it did before: {shown}")
        self._left.pop(0)
        self._cursors.add(id(cursor))
        return True

    def _execute(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        return self._passed_over(cursor)

    def _execute_no_params(self, cursor: Any, sql: str, context: Any) -> bool:
        return self._passed_over(cursor)

    def _passed_over(self, cursor: Any) -> bool:
        """True where nothing is to be sent: the statement is in effect already."""
        if id(cursor) not in self._cursors:
            return False
        self._cursors.discard(id(cursor))
        return True


def _digest(text: str) -> str:
    """As the journal keeps it; and of what was only rendered, whatever its blanks (`recovery.begun.spelled`)."""
    return hashlib.sha256(text.encode()).hexdigest()
