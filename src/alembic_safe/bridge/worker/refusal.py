"""While a revision is rendered nothing may be reached: no connection, no socket, no other program.

Three nets: SQLAlchemy's connect, checkout and cursor events (connections, probing), the drivers' own connect
functions (raw_connections), and an audit hook for sockets, sqlite3 and other programs. It holds for every thread,
since a revision may start one. Code written in C that opens a connection by itself is not stopped.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_AUDITED = {
    "socket.connect": "a network connection",
    "sqlite3.connect": "a database connection",
    "subprocess.Popen": "another program",
    "os.system": "another program",
    "os.posix_spawn": "another program",
    "os.exec": "another program",
    "os.fork": "another process",
    "os.forkpty": "another process",
}
# what ctypes asks for libpq's name (psycopg does at import), platform for the processor's and the architecture's,
# joblib for how many cores there are, and distro for the system's
_HARMLESS = frozenset({"/sbin/ldconfig", "/usr/sbin/ldconfig", "uname", "file", "lscpu", "lsb_release"})
# GitPython cannot even be imported unless git says its version, and much of machine learning imports it
_HARMLESS_CALLS = frozenset({("git", "version"), ("git", "--version")})


class RefusedWhileRenderingError(Exception):
    """A revision reached out while it was rendered without a database."""


class _RefusedWhileRenderingError(RefusedWhileRenderingError, ConnectionRefusedError):
    """What reaches out over a network gets what a closed port gives: much at import time does without, then."""


class _State:
    rendering = False
    hooked = False


def check(what: str) -> None:
    """Raise while a revision is rendered."""
    if _State.rendering:
        kind = (
            _RefusedWhileRenderingError if what == _AUDITED["socket.connect"] else RefusedWhileRenderingError
        )
        raise kind(f"it opens {what}")


@contextmanager
def nothing_reached() -> Iterator[None]:
    """Refuse reaching out."""
    _hook()
    before, _State.rendering = _State.rendering, True
    try:
        yield
    finally:
        _State.rendering = before


def is_harmless(name: str, arguments: tuple[Any, ...]) -> bool:
    """Whether an audited event is what Python's own library does at import, or reaches nobody."""
    if name == "socket.connect":
        # sends nothing: it asks which address of this machine would be used (ironic does, through oslo_utils)
        return bool(arguments) and getattr(arguments[0], "type", None) == socket.SOCK_DGRAM
    if name not in ("subprocess.Popen", "os.posix_spawn") or not arguments:
        return False
    words = arguments[1] if len(arguments) > 1 else ()
    whole = tuple(words) if isinstance(words, list | tuple) else ()
    return (isinstance(arguments[0], str) and arguments[0] in _HARMLESS) or whole in _HARMLESS_CALLS


def _hook() -> None:
    if not _State.hooked:
        _State.hooked = True

        def audit(name: str, arguments: tuple[Any, ...]) -> None:
            if _State.rendering and name in _AUDITED and not is_harmless(name, arguments):
                check(_AUDITED[name])

        sys.addaudithook(audit)
