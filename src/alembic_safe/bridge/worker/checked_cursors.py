"""Drivers' own cursors that have each statement checked before it is sent: SQLAlchemy tells nothing of what they do.

libpq called by hand (psycopg's `pq.PGconn`) is not seen.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Check = Callable[[str], None]

_OF_PSYCOPG = ("execute", "executemany", "stream", "copy")
_OF_PSYCOPG2 = ("execute", "executemany", "copy_expert")
_OF_ASYNCPG = (
    "execute", "executemany", "fetch", "fetchmany", "fetchrow", "fetchval", "prepare", "cursor",
    "copy_from_query",
)  # fmt: skip


def check_psycopg(module: Any, check: Check) -> None:
    """Have every cursor class of psycopg 3 check, whoever makes one of it."""
    for name in ("Cursor", "ServerCursor", "AsyncCursor", "AsyncServerCursor"):
        _check_methods(getattr(module, name), _OF_PSYCOPG, check)


def check_asyncpg(module: Any, check: Check) -> None:
    """Have asyncpg's connections check. A pool's look their methods up in the same class."""
    _check_methods(module.connection.Connection, _OF_ASYNCPG, check)


def psycopg2_cursor(module: Any, check: Check) -> Any:
    """A cursor class that checks, in the place of psycopg2's own, which is C's and takes no other method.

    Before `psycopg2.extras` is imported, whose classes are made from it. `callproc` is told as the call it is.
    """
    base = module.extensions.cursor

    # the base is the class of a driver that may be absent: mypy knows no such type
    class cursor(base):  # type: ignore[misc, valid-type]
        """The driver's own class."""

        def callproc(self, name: str, *arguments: Any, **keywords: Any) -> Any:
            check(f"select {name}()")
            return super().callproc(name, *arguments, **keywords)

    for method in _OF_PSYCOPG2:
        setattr(cursor, method, _checked(getattr(base, method), check))
    module.extensions.cursor = module._psycopg.cursor = cursor
    return cursor


def text_of(query: Any, context: Any) -> str:
    """The text of what a driver takes for a statement: a string, bytes, or composed SQL."""
    if isinstance(query, bytes | bytearray):
        return query.decode(errors="replace")
    if isinstance(query, str):
        return query
    composed = getattr(query, "as_string", None)
    return str(composed(context)) if composed is not None else "" if query is None else str(query)


def _check_methods(cls: Any, names: tuple[str, ...], check: Check) -> None:
    for name in names:
        if name in cls.__dict__:
            setattr(cls, name, _checked(cls.__dict__[name], check))


def _checked(original: Any, check: Check) -> Any:
    """Calls, coroutine functions and generators alike: the check is made when they are called."""

    @functools.wraps(original)
    def method(self: Any, *arguments: Any, **keywords: Any) -> Any:
        given = (
            *arguments[:1],
            *(keywords[name] for name in ("query", "sql") if name in keywords),
        )
        if given:
            check(text_of(given[0], self))
        return original(self, *arguments, **keywords)

    return method
