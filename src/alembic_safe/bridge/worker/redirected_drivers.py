"""The drivers' own connect functions, turned to clones: SQLAlchemy's calls and those by hand end here alike.

What a caller says of the server is replaced, what it says of the session stays, and each new connection proves
that it reached a clone. Drivers that are not known here may be imported but refuse to connect.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from alembic_safe.bridge.worker.checked_cursors import (
    check_asyncpg,
    check_psycopg,
    psycopg2_cursor,
)
from alembic_safe.bridge.worker.raw_connections import RawConnections
from alembic_safe.bridge.worker.redirecting import (
    MARKER_SQL,
    ElsewhereError,
    Redirection,
    kept_options,
    sqlite_name,
)
from alembic_safe.databases import libpq_keywords

# drivers that could reach a database past us: their import passes, their connect does not
_REFUSED = (
    "pg8000", "pg8000.native", "pg8000.dbapi", "pgdb", "_pg", "psycopg2cffi", "adbc_driver_postgresql.dbapi",
    "pymysql", "MySQLdb", "mysql.connector", "mariadb", "asyncmy", "aiomysql", "oracledb", "pyodbc", "pymssql",
    "duckdb", "pysqlite3", "sqlcipher3", "psqlpy",
)  # fmt: skip
_OWN_OF_PSYCOPG = frozenset({"autocommit", "prepare_threshold", "context", "row_factory", "cursor_factory"})
_OWN_OF_PSYCOPG2 = frozenset({"connection_factory", "cursor_factory"})
_WHERE_OF_ASYNCPG = frozenset(
    {"dsn", "host", "port", "user", "password", "passfile", "service", "servicefile", "database", "ssl",
     "direct_tls", "target_session_attrs", "krbsrvname", "gsslib"}
)  # fmt: skip
_FILES_OF_TLS = ("sslrootcert", "sslcert", "sslkey", "sslcrl")


class RedirectedDrivers(RawConnections):
    """Wraps drivers from `install` on. `settings` are run on each new session."""

    def __init__(self, settings: Sequence[str], redirection: Redirection) -> None:
        super().__init__(settings, read_only=False)
        self._redirection = redirection
        self._patches.update((name, self._wrap_refused) for name in _REFUSED)

    def _instead(self, driver: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, str]:
        """libpq keywords that lead to the clone which stands for the database asked for."""
        given, _ = libpq_keywords(driver, list(arguments), keywords)
        clone = self._redirection.postgresql(given.get("dbname", ""))
        return {**clone.keywords, **kept_options(given)}

    def _wrap_refused(self, module: Any) -> None:
        name, redirection = module.__name__, self._redirection

        def refuse(*arguments: Any, **keywords: Any) -> Any:
            raise redirection.refuse(f"a connection of {name}, which cannot be redirected")

        for attribute in ("connect", "Connect", "Connection", "create_pool"):
            if hasattr(module, attribute):
                setattr(module, attribute, refuse)

    # ---- psycopg

    def _wrap_psycopg(self, module: Any) -> None:
        self._wrap_psycopg_connect(module)
        check_psycopg(module, self._redirection.check_statement)
        base, instead = module.pq.PGconn, self._instead

        def turned(conninfo: bytes) -> bytes:
            made: str = module.conninfo.make_conninfo("", **instead("psycopg", [conninfo.decode()], {}))
            return made.encode()

        # the base is the class of a driver that may be absent: mypy knows no such type
        class PGconn(base):  # type: ignore[misc, valid-type]
            """libpq's own, for who calls it by hand."""

            @classmethod
            def connect(cls, conninfo: bytes) -> Any:
                return base.connect(turned(conninfo))

            @classmethod
            def connect_start(cls, conninfo: bytes) -> Any:
                return base.connect_start(turned(conninfo))

        PGconn.__qualname__ = PGconn.__name__ = base.__name__
        module.pq.PGconn = PGconn

    def _wrap_psycopg_connect(self, module: Any) -> None:
        turn, prepare = self._turned_psycopg, self._prepare_psycopg

        def wrapped(original: Any) -> Any:
            @functools.wraps(original.__func__)
            def connect(cls: Any, *arguments: Any, **keywords: Any) -> Any:
                return prepare(original.__func__(cls, "", **turn(arguments, keywords)))

            return classmethod(connect)

        def wrapped_async(original: Any) -> Any:
            @functools.wraps(original.__func__)
            async def connect(cls: Any, *arguments: Any, **keywords: Any) -> Any:
                return prepare(await original.__func__(cls, "", **turn(arguments, keywords)))

            return classmethod(connect)

        for cls, wrap in ((module.Connection, wrapped), (module.AsyncConnection, wrapped_async)):
            cls.connect = wrap(cls.__dict__["connect"])
        module.connect = module.Connection.connect

    def _turned_psycopg(self, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
        own = {name: value for name, value in keywords.items() if name in _OWN_OF_PSYCOPG}
        return {**own, **self._instead("psycopg", arguments, keywords)}

    def _prepare_psycopg(self, connection: Any) -> Any:
        pgconn = connection.pgconn
        answer = pgconn.exec_(MARKER_SQL.encode()).get_value(0, 0)
        if self._redirection.clone_of((answer or b"").decode()) is None:
            pgconn.finish()
            raise self._elsewhere()
        for sql in self._settings:
            pgconn.exec_(sql.encode())
        return connection

    def _elsewhere(self) -> ElsewhereError:
        return self._redirection.refuse(
            "a connection led to a database that is no scratch database, and was closed"
        )

    # ---- psycopg2

    def _wrap_psycopg2(self, module: Any) -> None:
        base, lower, original = module.extensions.connection, module._connect, module.connect
        turned = self._turned_psycopg2(module)
        cursor = psycopg2_cursor(module, self._redirection.check_statement)

        def watched(made: Any) -> Any:
            made.cursor_factory = made.cursor_factory or cursor
            return made

        # the base is the class of a driver that may be absent: mypy knows no such type
        class connection(base):  # type: ignore[misc, valid-type]
            """The driver's own class, for who makes a connection of it, or of a class made from it, by hand."""

            def __init__(self, dsn: str = "", *arguments: Any, **keywords: Any) -> None:
                super().__init__(turned(dsn, {}), *arguments, **keywords)
                watched(self)

        @functools.wraps(original)
        def connect(dsn: Any = None, *arguments: Any, **keywords: Any) -> Any:
            own = dict(zip(("connection_factory", "cursor_factory"), arguments, strict=False))
            own.update((name, keywords[name]) for name in _OWN_OF_PSYCOPG2 if name in keywords)
            if keywords.get("async") or keywords.get("async_"):
                raise self._redirection.refuse(
                    "an asynchronous connection of psycopg2, which cannot be proven"
                )
            own["connection_factory"] = own.get("connection_factory") or connection
            return watched(self._proven_psycopg2(module, original(turned(dsn, keywords), **own)))

        @functools.wraps(lower)
        def lower_connect(dsn: str, *arguments: Any, **keywords: Any) -> Any:
            return watched(lower(turned(dsn, {}), *arguments, **keywords))

        module.connect = connect
        module._connect = module._psycopg._connect = lower_connect
        module.extensions.connection = module._psycopg.connection = connection

    def _turned_psycopg2(self, module: Any) -> Callable[[Any, Mapping[str, Any]], str]:
        def turned(dsn: Any, keywords: Mapping[str, Any]) -> str:
            given = {k: v for k, v in keywords.items() if k not in _OWN_OF_PSYCOPG2}
            # psycopg2 knows "database" too, and its libpq may know fewer keywords than psycopg's
            arguments = [dsn] if dsn else []
            instead = self._instead("psycopg2", arguments, given)
            made: str = module.extensions.make_dsn(**instead)
            return made

        return turned

    def _proven_psycopg2(self, module: Any, connection: Any) -> Any:
        cursor = module.extensions.cursor(connection)
        cursor.execute(MARKER_SQL)
        if self._redirection.clone_of(cursor.fetchone()[0]) is None:
            connection.close()
            raise self._elsewhere()
        for sql in self._settings:
            cursor.execute(sql)
        connection.commit()
        cursor.close()
        return connection

    # ---- asyncpg

    def _wrap_asyncpg(self, module: Any) -> None:
        original = module.connect
        check_asyncpg(module, self._redirection.check_statement)

        @functools.wraps(original)
        async def connect(*arguments: Any, **keywords: Any) -> Any:
            connection = await original(**self._turned_asyncpg(arguments, keywords))
            if self._redirection.clone_of(await connection.fetchval(MARKER_SQL)) is None:
                connection.terminate()
                raise self._elsewhere()
            for sql in self._settings:
                await connection.execute(sql)
            return connection

        module.connect = module.connection.connect = connect

    def _turned_asyncpg(self, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
        own = {name: value for name, value in keywords.items() if name not in _WHERE_OF_ASYNCPG}
        instead = self._instead("asyncpg", arguments, keywords)
        dsn, _ = libpq_keywords("asyncpg", list(arguments), {k: v for k, v in keywords.items() if k == "dsn"})
        if dsn.get("options"):
            own["server_settings"] = {"options": dsn["options"], **(own.get("server_settings") or {})}
        where: dict[str, Any] = {
            "host": instead["host"],
            "port": int(instead.get("port") or 5432),
            "user": instead.get("user"),
            "database": instead["dbname"],
            "ssl": instead.get("sslmode") or False,
            "target_session_attrs": "any",
        }
        if instead.get("password"):
            where["password"] = instead["password"]
        files = "&".join(f"{name}={instead[name]}" for name in _FILES_OF_TLS if instead.get(name))
        if files:
            where["dsn"] = f"postgresql:///?{files}"
        return {**own, **where}

    # ---- sqlite3

    def _wrap_sqlite(self, module: Any) -> None:
        original = module.connect

        @functools.wraps(original)
        def connect(database: Any, *arguments: Any, **keywords: Any) -> Any:
            name = sqlite_name(database, bool(keywords.get("uri")))
            if name is not None:
                database = self._redirection.sqlite(name)
                keywords.pop("uri", None)
            connection = original(database, *arguments, **keywords)
            connection.set_authorizer(functools.partial(self._authorize, module))
            return connection

        module.connect = module.dbapi2.connect = connect

    def _authorize(self, sqlite3: Any, action: int, first: Any, second: Any, *_: Any) -> int:
        """Let everything pass but another file."""
        if action == sqlite3.SQLITE_ATTACH and first not in ("", ":memory:"):
            name = sqlite_name(first, True) if first is not None else ""
            if name is None or (name and self._redirection.is_ours(name)):
                return int(sqlite3.SQLITE_OK)
            self._redirection.refuse(f"ATTACH of the file {name or '?'}")
            return int(sqlite3.SQLITE_DENY)
        return int(sqlite3.SQLITE_OK)
