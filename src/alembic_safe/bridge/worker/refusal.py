"""While a revision is rendered nothing may be reached: no connection, no socket, no other program.

Three nets: SQLAlchemy's connect and checkout events (connections.py), the drivers' own connect functions,
and an audit hook for sockets, sqlite3 and subprocesses. Code written in C that opens a connection by itself,
other than libpq through the two psycopgs, is not stopped.
"""

from __future__ import annotations

import importlib
import sys
import threading
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
}
_DRIVERS = {
    "psycopg": (
        ("psycopg", "connect"),
        ("psycopg", "Connection.connect"),
        ("psycopg", "AsyncConnection.connect"),
    ),
    "psycopg2": (("psycopg2", "connect"),),
}
_thread: int | None = None
_hooked = False


class RefusedWhileRenderingError(Exception):
    """A revision reached out while it was rendered without a database."""


def check(what: str) -> None:
    """Raise if the calling thread is rendering."""
    if _thread is not None and _thread == threading.get_ident():
        raise RefusedWhileRenderingError(f"it opens {what}")


@contextmanager
def nothing_reached(source: str) -> Iterator[None]:
    """Refuse reaching out on this thread. `source` is the revision's text: drivers it names are patched too."""
    global _thread
    _hook()
    originals = _patch_drivers(source)
    _thread = threading.get_ident()
    try:
        yield
    finally:
        _thread = None
        for owner, name, original in originals:
            setattr(owner, name, original)


def _hook() -> None:
    global _hooked
    if not _hooked:
        _hooked = True

        def audit(name: str, arguments: tuple[Any, ...]) -> None:
            if _thread is not None and name in _AUDITED:
                check(_AUDITED[name])

        sys.addaudithook(audit)


def _patch_drivers(source: str) -> list[tuple[Any, str, Any]]:
    originals: list[tuple[Any, str, Any]] = []
    for module_name, functions in _DRIVERS.items():
        if module_name in source and module_name not in sys.modules:
            # imported by the revision itself otherwise, after this look
            try:
                importlib.import_module(module_name)
            except ImportError:
                continue
        if module_name not in sys.modules:
            continue
        for owner_name, path in functions:
            owner: Any = sys.modules[owner_name]
            *parents, name = path.split(".")
            for parent in parents:
                owner = getattr(owner, parent)
            originals.append((owner, name, owner.__dict__[name]))
            setattr(owner, name, _refuse)
    return originals


def _refuse(*arguments: Any, **keywords: Any) -> Any:
    check("a database connection")
    raise RefusedWhileRenderingError("it opens a database connection")
