"""Fixtures that hold for every test: no child left behind, no log line unread."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator

import pytest

from tests.support.processes import children, command_line, wait_until
from tests.support.warm import StartedServer

# servers of the session, and Python's own helper that lives as long as the process
_LASTING = ("/postgres -D ", "resource_tracker", "tests.support.warm")
_GONE_SECONDS = 3.0


class Log:
    """What the `alembic_safe` loggers said at WARNING and above; `take` marks the lines read."""

    def __init__(self, handler: _Collect) -> None:
        self._handler = handler

    def take(self) -> list[str]:
        """The lines so far, oldest first: "LEVEL logger: message"."""
        lines, self._handler.lines = self._handler.lines, []
        return lines


class _Collect(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """The warnings that our loggers gave in this process; a test that leaves one unread fails."""
    handler = _Collect()
    logger = logging.getLogger("alembic_safe")
    logger.addHandler(handler)
    yield Log(handler)
    logger.removeHandler(handler)
    assert not handler.lines, f"log lines that the test did not read: {handler.lines}"


@pytest.fixture(autouse=True)
def no_child_left() -> Iterator[None]:
    """A test that leaves a child of this process running fails; the child is killed."""
    before, servers = set(children()), set(StartedServer.running)
    yield

    def left() -> dict[int, str]:
        warm = dict.fromkeys(StartedServer.running - servers, "workers are forked from it")
        return warm | {
            pid: line
            for pid, line in children().items()
            if pid not in before and not any(word in line for word in _LASTING)
        }

    if not left():
        return
    try:
        wait_until(lambda: not left(), _GONE_SECONDS)
    except AssertionError:
        named = {pid: command_line(pid) for pid in left()}
        for pid in named:
            os.kill(pid, signal.SIGKILL)
        raise AssertionError(f"child processes that the test left behind: {named}") from None
