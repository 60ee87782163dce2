"""What each driver's connection object tells: which driver, which backend, and how it was reached.

psycopg and psycopg2 are asked for what the live connection really used, which holds whatever an env.py did
(tokens, `creator=`, service files, host lists). asyncpg is read from its connect arguments.
"""

from __future__ import annotations

from typing import Any

from alembic_safe.databases import libpq_keywords
from alembic_safe.model.targets import ConnectParameters

_POSTGRESQL = frozenset({"psycopg", "psycopg_async", "psycopg2", "asyncpg", "pg8000", "psycopg2cffi"})
_KEPT = (
    "hostaddr", "dbname", "user", "passfile", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl",
    "options", "channel_binding", "krbsrvname", "sslsni", "require_auth", "sslnegotiation",
)  # fmt: skip
_DEFAULTS = {"sslnegotiation": "postgres", "sslsni": "1"}  # libpq 17 and 14


def name_of(connection: Any) -> str:
    """The driver's name from the class of a DBAPI connection (or SQLAlchemy's async adapter of one)."""
    module, name = type(connection).__module__, type(connection).__name__
    if module.startswith("sqlalchemy."):
        tail = module.rsplit(".", 1)[-1]
        return "psycopg_async" if tail in {"psycopg", "_psycopg_common"} else tail
    for mro in type(connection).__mro__:
        root = mro.__module__.split(".")[0]
        if root in _POSTGRESQL or root in {
            "sqlite3",
            "aiosqlite",
            "pysqlite3",
            "sqlcipher3",
        }:
            return root
    return f"{module}.{name}"


def is_sqlite(driver: str) -> bool:
    """Whether it is one of the names that SQLite has in Python."""
    return driver in {"sqlite3", "aiosqlite", "pysqlite3", "pysqlite", "sqlcipher3"}


def is_postgresql(driver: str) -> bool:
    """Whether it speaks to PostgreSQL."""
    return driver in _POSTGRESQL


def parameters_of(
    connection: Any, driver: str, arguments: list[Any], keywords: dict[str, Any]
) -> ConnectParameters:
    """libpq keywords of a PostgreSQL connection."""
    live = _unwrapped(connection, driver)
    if driver in {"psycopg", "psycopg_async", "psycopg2"}:
        return ConnectParameters("postgresql", driver, _from_libpq(live, driver))
    kept, unmapped = libpq_keywords(driver, arguments, keywords)
    return ConnectParameters("postgresql", driver, kept, unmapped)


def pid_of(connection: Any, driver: str) -> int | None:
    """The backend's pid as the startup told the driver; behind a pooler it is not the server's own."""
    live = _unwrapped(connection, driver)
    if driver in {"psycopg", "psycopg_async"}:
        return int(live.info.backend_pid)
    if driver == "psycopg2":
        return int(live.get_backend_pid())
    if driver == "asyncpg":
        return int(live.get_server_pid())
    return None


def in_autocommit(connection: Any) -> bool:
    """Whether a DBAPI connection was told to commit each statement by itself."""
    if is_sqlite(name_of(connection)):
        return False  # the legacy mode is neither: DDL outside, DML inside a transaction
    return bool(getattr(connection, "autocommit", False))


def commits_each(connection: Any) -> bool:
    """Whether what is executed now is committed at once: by autocommit, or because a COMMIT was sent as text.

    psycopg2 and asyncpg (in SQLAlchemy's adapter) then believe that they are still in a transaction and begin none.
    """
    if in_autocommit(connection):
        return True
    driver = name_of(connection)
    if driver == "psycopg2":
        begun, idle = 2, 0  # extensions.STATUS_BEGIN, TRANSACTION_STATUS_IDLE
        status: bool = connection.status == begun and connection.info.transaction_status == idle
        return status
    if driver == "asyncpg" and getattr(connection, "_started", False):
        return not _unwrapped(connection, driver).is_in_transaction()
    return False


def _unwrapped(connection: Any, driver: str) -> Any:
    """The driver's own connection inside SQLAlchemy's async adapter."""
    if driver in {"asyncpg", "psycopg_async"}:
        return getattr(connection, "driver_connection", None) or connection._connection
    return connection


def _from_libpq(live: Any, driver: str) -> dict[str, str]:
    info = live.info
    used = info.dsn_parameters if driver == "psycopg2" else info.get_parameters()
    # psycopg2 gives defaults too, and those of a libpq that is newer than psycopg's are keywords unknown to it
    found = {key: str(used[key]) for key in _KEPT if used.get(key) and used[key] != _DEFAULTS.get(key)}
    found |= {
        "host": info.host,
        "port": str(info.port),
        "dbname": info.dbname,
        "user": info.user,
    }
    if info.password:
        found["password"] = info.password
    return {key: value for key, value in found.items() if value}


def same(one: Any, other: Any) -> bool:
    """Whether two SQLAlchemy connections are one DBAPI connection (branches and options share it)."""
    try:
        return one.connection.dbapi_connection is other.connection.dbapi_connection
    except Exception:
        return False  # closed or invalidated: not the one alembic works on
