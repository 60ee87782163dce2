"""What a PostgreSQL driver was given at connect -> libpq keywords. Pure; imports no driver.

Sources: libpq's "Parameter Key Words"; `connect` of psycopg2, psycopg, asyncpg and pg8000.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from alembic_safe.databases._conninfo import parse_conninfo

_Mapped = tuple[dict[str, str], tuple[str, ...]]

# Arguments of the drivers' own (and of SQLAlchemy's adapters) that say nothing about how to reach the server.
_PSYCOPG_OWN = frozenset(
    {
        "autocommit",
        "row_factory",
        "prepare_threshold",
        "context",
        "cursor_factory",
        "connection_factory",
        "async",
        "async_",
        "adapt",
        "tuple_row",
        "deferrable",
        "isolation_level",
        "read_only",
    }
)
_ASYNCPG_OWN = frozenset(
    {
        "loop",
        "statement_cache_size",
        "max_cached_statement_lifetime",
        "max_cacheable_statement_size",
        "command_timeout",
        "connection_class",
        "record_class",
        "prepared_statement_cache_size",
        "prepared_statement_name_func",
        "async_fallback",
        "direct_tls",
        "reset_query",
    }
)
_PG8000_OWN = frozenset({"replication", "protocol", "max_prepared_statements", "sock", "tcp_keepalive"})
_ASYNCPG_SAME = {
    "user": "user",
    "password": "password",
    "database": "dbname",
    "passfile": "passfile",
    "service": "service",
    "krbsrvname": "krbsrvname",
    "timeout": "connect_timeout",
}
_PG8000_SAME = {
    "user": "user",
    "password": "password",
    "database": "dbname",
    "host": "host",
    "port": "port",
    "timeout": "connect_timeout",
    "application_name": "application_name",
}


def libpq_keywords(driver: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> _Mapped:
    """Map the arguments of a driver's `connect` to libpq keywords; also the names that have no libpq form.

    `driver` is SQLAlchemy's name (psycopg, psycopg_async, psycopg2, asyncpg, pg8000). The drivers' own
    options (row factories, statement caches) are dropped silently; an `ssl.SSLContext` or a password
    callable is named. Values are text as libpq wants it; an absent password stays absent.

    >>> libpq_keywords("asyncpg", [], {"host": "db", "database": "shop", "ssl": "require"})
    ({'host': 'db', 'dbname': 'shop', 'sslmode': 'require'}, ())
    """
    keywords: dict[str, str] = {}
    unmapped: list[str] = []
    names = {"asyncpg": _ASYNCPG_POSITIONS, "pg8000": _PG8000_POSITIONS}.get(driver, ("dsn",))
    given = {name: value for name, value in zip(names, args, strict=False) if value is not None}
    given.update((name, value) for name, value in kwargs.items() if value is not None)
    for name in ("dsn", "conninfo"):
        if isinstance(given.get(name), str):
            keywords.update(parse_conninfo(given.pop(name)))
    mapper = {"asyncpg": _asyncpg, "pg8000": _pg8000}.get(driver, _psycopg)
    mapper(given, keywords, unmapped)
    return keywords, tuple(unmapped)


_ASYNCPG_POSITIONS = ("dsn",)
_PG8000_POSITIONS = ("user", "host", "database", "port", "password")
_Mapper = Callable[[Mapping[str, Any], dict[str, str], list[str]], None]


def _psycopg(given: Mapping[str, Any], keywords: dict[str, str], unmapped: list[str]) -> None:
    for name, value in given.items():
        if name in _PSYCOPG_OWN:
            continue
        _put("dbname" if name == "database" else name, value, keywords, unmapped, called=name)


def _asyncpg(given: Mapping[str, Any], keywords: dict[str, str], unmapped: list[str]) -> None:
    for name, value in given.items():
        if name in _ASYNCPG_OWN:
            continue
        if name in ("host", "port"):
            many = value if isinstance(value, list | tuple) else [value]
            keywords[name] = ",".join(str(one) for one in many)
        elif name == "ssl":
            _asyncpg_ssl(value, keywords, unmapped)
        elif name == "server_settings" and isinstance(value, Mapping):
            _settings(value, keywords)
        elif name == "target_session_attrs":
            keywords[name] = str(getattr(value, "value", value)).replace("_", "-")
        elif name in _ASYNCPG_SAME:
            _put(_ASYNCPG_SAME[name], value, keywords, unmapped, called=name)
        else:
            unmapped.append(name)


def _asyncpg_ssl(value: Any, keywords: dict[str, str], unmapped: list[str]) -> None:
    if isinstance(value, bool):
        keywords["sslmode"] = "require" if value else "disable"
    elif isinstance(value, str):
        keywords["sslmode"] = value
    elif type(value).__name__ == "SSLMode":
        keywords["sslmode"] = str(value.name).replace("_", "-")
    else:  # an SSLContext: its certificates cannot be handed on, that it means TLS can
        keywords["sslmode"] = "require"
        unmapped.append("ssl")


def _pg8000(given: Mapping[str, Any], keywords: dict[str, str], unmapped: list[str]) -> None:
    for name, value in given.items():
        if name in _PG8000_OWN:
            continue
        if name == "ssl_context":
            _asyncpg_ssl(value, keywords, unmapped)
            unmapped[:] = ["ssl_context" if one == "ssl" else one for one in unmapped]
        elif name == "unix_sock":
            path = PurePosixPath(str(value))
            keywords["host"], keywords["port"] = str(path.parent), path.suffix.lstrip(".") or "5432"
        elif name == "startup_params" and isinstance(value, Mapping):
            _settings(value, keywords)
        elif name in _PG8000_SAME:
            _put(_PG8000_SAME[name], value, keywords, unmapped, called=name)
        else:
            unmapped.append(name)


def _put(name: str, value: Any, keywords: dict[str, str], unmapped: list[str], *, called: str) -> None:
    if isinstance(value, bool):
        keywords[name] = "1" if value else "0"
    elif isinstance(value, float):
        keywords[name] = str(max(1, round(value)))
    elif isinstance(value, str | int):
        keywords[name] = str(value)
    elif isinstance(value, bytes):
        keywords[name] = value.decode()
    elif hasattr(value, "__fspath__"):
        keywords[name] = str(value)
    else:
        unmapped.append(called)


def _settings(settings: Mapping[Any, Any], keywords: dict[str, str]) -> None:
    """Server settings become `-c name=value` in `options`, with libpq's escapes for blank and backslash."""
    options = [keywords["options"]] if keywords.get("options") else []
    for name, value in settings.items():
        name, value = (one.decode() if isinstance(one, bytes) else str(one) for one in (name, value))
        if name == "application_name":
            keywords["application_name"] = value
            continue
        escaped = "".join("\\" + c if c == "\\" or c.isspace() else c for c in value)
        options.append(f"-c {name}={escaped}")
    if options:
        keywords["options"] = " ".join(options)
