"""Where something was issued: walks the stack, or a traceback, to the revision's or env.py's own frame."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

from alembic_safe.model.revisions import Source


class Locator:
    """Knows one file by its absolute path; compiled code may carry it in another spelling."""

    def __init__(self, path: str) -> None:
        self.path = _normal(path)
        self._same: dict[str, bool] = {}

    def here(self) -> Source | None:
        """The innermost line of the file on the current stack, or on those of the greenlets that wait for it."""
        for frame in stacks(sys._getframe(1)):
            if self.holds(frame.f_code.co_filename):
                return Source(self.path, frame.f_lineno)
        return None

    def of(self, error: BaseException) -> Source | None:
        """The innermost line of the file in an exception's traceback; for a syntax error, its own line."""
        if isinstance(error, SyntaxError) and error.filename and self.holds(error.filename):
            return Source(self.path, error.lineno or 1)
        found: Source | None = None
        traceback: TracebackType | None = error.__traceback__
        while traceback is not None:
            if self.holds(traceback.tb_frame.f_code.co_filename):
                found = Source(self.path, traceback.tb_lineno)
            traceback = traceback.tb_next
        return found

    def holds(self, filename: str) -> bool:
        """Whether code of this file name is of the file."""
        known = self._same.get(filename)
        if known is None:
            known = self._same[filename] = _normal(filename) == self.path
        return known


def _normal(path: str) -> str:
    # a path is shown as the project gives it: Path.resolve would follow links, and Path.absolute leaves ".." in it
    return os.path.abspath(path)  # noqa: PTH100


def stacks(frame: FrameType | None) -> Iterator[FrameType]:
    """`frame` and those below; then the same of the parent greenlets: `op.run_async` awaits in one of them."""
    greenlet: Any = sys.modules.get("greenlet")
    current = greenlet.getcurrent().parent if greenlet else None
    while frame is not None or current is not None:
        while frame is not None:
            yield frame
            frame = frame.f_back
        if current is not None:
            frame, current = current.gr_frame, current.parent
