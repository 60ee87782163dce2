"""What a revision sleeps is not waited for while it is only rendered: `upgrade` would sleep it twice.

`time.sleep` is replaced before code of the project is imported, so that `from time import sleep` gets ours too. It
sleeps as ever but in the thread of a revision that is being rendered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import SupportsIndex

# not none at all: a loop that waits for something would burn a processor until its time is over
_MOMENT = 0.001
_real = time.sleep


class _Rendering:
    thread: int | None = None


def install() -> None:
    """For a worker that renders. Once a process."""
    time.sleep = _sleep


def _sleep(seconds: float | SupportsIndex, /) -> None:
    _real(min(float(seconds), _MOMENT) if threading.get_ident() == _Rendering.thread else seconds)


@contextmanager
def not_waited_for() -> Iterator[None]:
    """Sleep moments in this thread."""
    _Rendering.thread = threading.get_ident()
    try:
        yield
    finally:
        _Rendering.thread = None
