"""psycopg's errors -> errors of ours: one clear line, a hint, no secret.

A failed connect has no SQLSTATE, so libpq's and the server's words decide. They are English where
the server's lc_messages is; in another language the line itself is shown, with the general hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import psycopg
from psycopg import errors

from alembic_safe.errors import AlembicSafeError, GaveUpError, RefusedError, UnreachableError, UsageError

_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s]*@")

# (what libpq or the server says, the hint). The first that fits counts.
_HINTS: tuple[tuple[str, str], ...] = (
    (
        "password authentication failed",
        "Check user and password in the URL that env.py uses, or set `control-url`.",
    ),
    (
        "no password supplied",
        "The server wants a password: put it in the URL, in PGPASSWORD or in ~/.pgpass.",
    ),
    ("peer authentication failed", "Run as the system user of that name, or connect by TCP with a password."),
    (
        "no pg_hba.conf entry",
        "The server lets this user, database or address not in: see its pg_hba.conf (and sslmode).",
    ),
    (
        "could not translate host name",
        "Check the host in the URL that env.py uses; is it known from this machine?",
    ),
    ("failed to resolve host", "Check the host in the URL that env.py uses; is it known from this machine?"),
    (
        "name or service not known",
        "Check the host in the URL that env.py uses; is it known from this machine?",
    ),
    ("connection refused", "Is the server running there, and listening on that port? Try `pg_isready`."),
    (
        "no such file or directory",
        "Is the server running on this machine, with its socket in that directory?",
    ),
    (
        "timeout expired",
        "Is the address right, and does a firewall let it through? `connect-timeout` bounds the wait.",
    ),
    (
        "timed out",
        "Is the address right, and does a firewall let it through? `connect-timeout` bounds the wait.",
    ),
    ("too many clients", "The server is full: try again later, or raise max_connections."),
    (
        "too many connections",
        "The role or the database is at its connection limit: try again later, or raise it.",
    ),
    ("remaining connection slots", "The server is full: try again later, or raise max_connections."),
    ("starting up", "The server is starting: try again in a moment."),
    ("shutting down", "The server is stopping: try again when it is back."),
    ("recovery mode", "The server is recovering from a crash: try again in a moment."),
    ("not currently accepting connections", "The database is closed to connections (ALLOW_CONNECTIONS)."),
    ("ssl", "Check sslmode and the certificates in the URL that env.py uses."),
    ("certificate", "Check sslmode and the certificates in the URL that env.py uses."),
    ("definition of service", "Is the service in ~/.pg_service.conf, or in the file PGSERVICEFILE names?"),
    (
        "unsupported startup parameter",
        "A pooler refuses this: set `control-url` to the database's direct address.",
    ),
)


def mask(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret, and every password in a URL, replaced by `***`."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return _URL_PASSWORD.sub(r"\1:***@", text)


def connect_failure(
    error: psycopg.Error, keywords: Mapping[str, str], secrets: Iterable[str]
) -> AlembicSafeError:
    """Why there is no connection. A keyword that libpq does not know is the user's to mend: UsageError."""
    line = mask(_useful_line(str(error)), secrets)
    if isinstance(error, psycopg.ProgrammingError):
        return UsageError(
            f"the connection parameters cannot be used: {line}",
            hint="See the parameter key words in libpq's documentation.",
        )
    lowered = line.lower()
    if re.search(r'database "?.*"? does not exist', lowered):
        hint: str | None = (
            "Check the database name in the URL that env.py uses, or create it with `createdb`."
        )
    elif re.search(r'role "?.*"? (does not exist|is not permitted)', lowered):
        hint = "Check the user in the URL that env.py uses."
    else:
        hint = next((hint for said, hint in _HINTS if said in lowered), None)
    return UnreachableError(f"no connection to {_where(keywords)}: {line}", hint=hint)


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
    line = mask(_useful_line(error.diag.message_primary or str(error)), secrets)
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
    if isinstance(error, errors.LockNotAvailable | errors.QueryCanceled | errors.DeadlockDetected):
        return GaveUpError(
            f"gave up waiting on {address}: {line}",
            hint="Another session is in the way: see pg_locks, then run the same command again.",
        )
    return AlembicSafeError(
        f"a query of alembic-safe failed on {address}: {line}", detail=mask(str(error), secrets)
    )
