"""psycopg's errors -> errors of ours: one clear line, a hint, no secret.

A failed connect has no SQLSTATE, so libpq's and the server's words decide. They are English where
the server's lc_messages is; in another language the line itself is shown, with the general hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import psycopg
from psycopg import errors

from alembic_safe.databases.postgresql.hints import connect_hint
from alembic_safe.errors import AlembicSafeError, GaveUpError, RefusedError, UnreachableError, UsageError
from alembic_safe.model.secrets import hide


def connect_failure(
    error: psycopg.Error, keywords: Mapping[str, str], secrets: Iterable[str], *, option: str | None = None
) -> AlembicSafeError:
    """Why there is no connection. A keyword that libpq does not know is the user's to mend: UsageError.

    `option`: the one of ours that the keywords came from; None: from env.py.
    """
    line = hide(_useful_line(str(error)), secrets)
    if isinstance(error, psycopg.ProgrammingError):
        return UsageError(
            f"the connection parameters cannot be used: {line}",
            hint="See the parameter key words in libpq's documentation.",
        )
    return UnreachableError(
        f"no connection to {_where(keywords)}: {line}", hint=connect_hint(line, option=option)
    )


def _where(keywords: Mapping[str, str]) -> str:
    """The address as it was given; libpq's environment and defaults fill in what is missing."""
    host = keywords.get("host") or keywords.get("hostaddr") or ""
    port = f":{keywords['port']}" if keywords.get("port") else ""
    name = f"/{keywords['dbname']}" if keywords.get("dbname") else ""
    return f"{host}{port}{name}" if host else f"the database {name.lstrip('/')}".rstrip()


def _useful_line(text: str) -> str:
    """The first line that names the fault: libpq wraps the server's FATAL in where it tried to connect."""
    lines = [line.strip(" \t-") for line in text.splitlines() if line.strip()]
    for line in lines:
        fatal = re.search(r"FATAL:\s+(.*)", line)
        if fatal:
            return fatal[1]
    named = [
        line
        for line in lines
        if not line.lower().startswith(("multiple connection attempts", "is the server"))
    ]
    line = (named or lines or ["libpq gave no reason"])[0]
    return re.sub(r"^(connection failed|connection is bad): ", "", line).rstrip(".")


def query_failure(
    error: psycopg.Error, *, address: str, lost: bool, secrets: Iterable[str]
) -> AlembicSafeError:
    """Why a query of ours failed. The psycopg error is the cause (`__cause__.sqlstate`)."""
    line = hide(_useful_line(error.diag.message_primary or str(error)), secrets)
    if lost:
        return UnreachableError(
            f"lost the connection to {address}: {line}",
            hint="What had happened until then is told by `alembic-safe status`, once it can be reached.",
        )
    if isinstance(error, errors.InsufficientPrivilege):
        return RefusedError(
            f"the database refuses: {line}", hint="Grant the role of the control connection that right."
        )
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return RefusedError(
            f"the database is read-only here: {line}",
            hint="Connect to the primary, or look at default_transaction_read_only.",
        )
    if isinstance(error, errors.DiskFull):
        return RefusedError(
            f"the server has no room: {line}", hint="Make room on its disk, then run the same command again."
        )
    if isinstance(error, errors.LockNotAvailable | errors.QueryCanceled | errors.DeadlockDetected):
        return GaveUpError(
            f"gave up waiting on {address}: {line}",
            hint="Another session is in the way: see pg_locks, then run the same command again.",
        )
    return AlembicSafeError(
        f"a query of alembic-safe failed on {address}: {line}", detail=hide(str(error), secrets)
    )
