"""Every connection the project opens through SQLAlchemy: mark it, make it read-only for a probe, or refuse it.

Works on SQLAlchemy's Engine and Pool classes, so engines made anywhere in the process are covered, also those
with `creator=`. A driver that is called by hand is seen by raw_connections.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from alembic_safe.bridge.messages import ConnectionOpened
from alembic_safe.bridge.worker import drivers, masking, refusal
from alembic_safe.bridge.worker.link import Link
from alembic_safe.bridge.worker.raw_connections import RawConnections
from alembic_safe.bridge.worker.redirected_drivers import RedirectedDrivers
from alembic_safe.bridge.worker.redirecting import MARKER_SQL, Redirection
from alembic_safe.databases import libpq_keywords
from alembic_safe.model.targets import SECRET_KEYWORDS, ConnectParameters

INFO_KEY = "alembic_safe_parameters"
POOLED_KEY = "alembic_safe_pooled"
# what lock_timeout the session was left with when it had been connected, as SHOW says it
LOCK_TIMEOUT_KEY = "alembic_safe_lock_timeout_told"
_SECRET = (*sorted(SECRET_KEYWORDS), "passwd")

_MARK = "select set_config('application_name', '{name}', {local}), set_config('lock_timeout', {lock_timeout}, {local})"
# the project's own, set for its role, database or connection, if it is stricter
_LEAST_WAIT = """case when current_setting('lock_timeout') <> '0'
      and current_setting('lock_timeout')::interval < '{ours}' then current_setting('lock_timeout') else '{ours}' end"""
# the interval ends a backend whose client vanished, within half a second instead of at its next write
# (postgresql.org/docs/current/runtime-config-connection.html, client_connection_check_interval, since 14)
_CHECKED = """, case when current_setting('server_version_num')::int >= 140000
      then set_config('client_connection_check_interval', '500', false) end"""
# the wait is bounded too: somebody's lock on the version table must not hang a look at it
_READ_ONLY = """select set_config('default_transaction_read_only', 'on', false),
 set_config('lock_timeout', '5s', false)"""
_READ_ONLY_NOW = "set transaction read only"
# what the last connection was to be made with; a worker does one job
_tried: list[tuple[Any, list[Any], dict[str, Any]]] = []


def address_tried() -> str:
    """Where the last connection was to lead, for people and without secrets: "db.example:5432/app"."""
    if not _tried:
        return "the database"
    dialect, arguments, keywords = _tried[0]
    if dialect.name == "sqlite":
        return str(arguments[0] if arguments else keywords.get("database", "")) or "the database"
    found, _ = libpq_keywords(dialect.driver, arguments, keywords)
    host = found.get("host") or found.get("hostaddr") or ""
    port = f":{found['port']}" if host and found.get("port") else ""
    name = found.get("dbname", "")
    return f"{host}{port}/{name}".rstrip("/") if host else f"the database {name}".rstrip()


class ConnectionWatch:
    """Listens from `install` on; one for the life of a worker."""

    def __init__(
        self,
        link: Link,
        *,
        application_name: str,
        read_only: bool,
        redirection: Redirection | None = None,
        lock_timeout: float = 0.0,
        further: tuple[str, ...] = (),
    ) -> None:
        """`further` statements are run on each new session of a redirected worker."""
        self._link = link
        milliseconds = max(1, round(lock_timeout * 1000))
        wait = (
            _LEAST_WAIT.format(ours=f"{milliseconds}ms")
            if lock_timeout
            else "current_setting('lock_timeout')"
        )
        given = {"name": application_name.replace("'", ""), "lock_timeout": wait}
        # a server whose system cannot check refuses the interval: the run can do without it, but not without a name
        self._least = _MARK.format(**given, local="false")
        self._mark = self._least + _CHECKED
        # through a pooler: for one transaction, since the session is given to others after it
        self._local = _MARK.format(**given, local="true")
        self._read_only = read_only
        self._given: tuple[list[Any], dict[str, Any]] = ([], {})
        self._absent: str | None = None
        self._by_transaction = self._pooled = False
        settings = (_READ_ONLY, self._mark) if read_only else (self._mark,)
        self._redirection = redirection
        self._raw = (
            RawConnections(settings, read_only=read_only)
            if redirection is None
            else RedirectedDrivers((*settings, *further), redirection)
        )

    def install(self) -> None:
        self._raw.install()
        event.listen(Engine, "do_connect", self._before_connect)
        event.listen(Pool, "connect", self._after_connect)
        event.listen(Pool, "checkout", self._on_checkout)

    def _before_connect(
        self, dialect: Any, record: Any, arguments: list[Any], keywords: dict[str, Any]
    ) -> None:
        refusal.check("a database connection")
        # the project's own listeners run after this one and change these very objects (tokens, sslmode)
        self._given = (arguments, keywords)
        self._absent = None
        _tried[:] = [(dialect, arguments, keywords)]
        masking.remember(str(keywords[name]) for name in _SECRET if keywords.get(name))
        self._raw.expected = dialect.driver in {"psycopg", "psycopg_async", "psycopg2", "asyncpg"}
        if dialect.name == "sqlite" and self._read_only:
            self._keep_absent_file_absent(arguments, keywords)

    def _keep_absent_file_absent(self, arguments: list[Any], keywords: dict[str, Any]) -> None:
        """Opening an absent SQLite file creates it; a probe must not, and an empty memory answers the same.

        RawConnections would see to it as well, but only here the file's name is still known for the target.
        """
        name = arguments[0] if arguments else keywords.get("database", "")
        if not isinstance(name, str) or name in {"", ":memory:"} or name.startswith("file:"):
            return
        if not Path(name).exists():
            self._absent = str(Path(name).absolute())
            if arguments:
                arguments[0] = ":memory:"
            else:
                keywords["database"] = ":memory:"

    def _after_connect(self, connection: Any, record: Any) -> None:
        self._raw.expected = self._pooled = False
        driver = drivers.name_of(connection)
        if drivers.is_sqlite(driver):
            parameters = self._prepare_sqlite(connection, driver)
            opened = ConnectionOpened(driver, None, None)
        elif drivers.is_postgresql(driver):
            driver_pid = drivers.pid_of(connection, driver)
            server_pid, record.info[LOCK_TIMEOUT_KEY] = self._prepare_postgresql(connection, driver_pid)
            parameters = self._parameters(connection, driver)
            opened = ConnectionOpened(driver, driver_pid, server_pid)
        elif self._redirection is not None:
            connection.close()
            raise self._redirection.refuse(f"a connection of {driver}, which cannot be redirected")
        else:
            return
        record.info[INFO_KEY] = parameters
        record.info[POOLED_KEY] = self._pooled
        self._link.tell(opened)

    def _parameters(self, connection: Any, driver: str) -> ConnectParameters:
        """How the connection was made; redirected, the clone that it proves to lead to."""
        if self._redirection is None:
            return drivers.parameters_of(connection, driver, *self._given)
        cursor = connection.cursor()
        try:
            cursor.execute(MARKER_SQL)
            marker = cursor.fetchone()[0]
            connection.commit()
        finally:
            cursor.close()
        clone = self._redirection.prove(marker, connection)
        return ConnectParameters("postgresql", driver, clone.keywords)

    def _prepare_postgresql(self, connection: Any, driver_pid: int | None) -> tuple[int | None, str]:
        """Mark the session, and make it read-only for a probe; committed, so that no transaction stays open.

        What is returned are the server's pid and the lock_timeout that it is left with ("": not known).

        Through a pooler in transaction mode a session setting would stay on a server session that others
        use next, so nothing is set there: a probe's transactions are each made read-only instead.
        """
        cursor = connection.cursor()
        try:
            cursor.execute("select pg_backend_pid()")
            server_pid = int(cursor.fetchone()[0])
            connection.commit()
            if driver_pid is not None and driver_pid != server_pid:
                self._pooled = True
                self._by_each_transaction()
                return server_pid, ""
            if self._read_only:
                cursor.execute(_READ_ONLY)
                connection.commit()
            for mark in (self._mark, self._least):
                try:
                    cursor.execute(mark)
                    told = str(cursor.fetchone()[1])
                    connection.commit()
                except Exception:
                    connection.rollback()
                else:
                    return server_pid, told
            return server_pid, ""
        finally:
            cursor.close()

    def _by_each_transaction(self) -> None:
        """What a session of one's own is told once, each transaction through the pooler is told."""
        if self._by_transaction:
            return
        self._by_transaction = True
        text = _READ_ONLY_NOW if self._read_only else self._local

        def begun(connection: Any) -> None:
            if self._read_only or connection.info.get(POOLED_KEY):
                # on a cursor of our own: an event would take it for the project's, in the middle of a revision too
                cursor = connection.connection.dbapi_connection.cursor()
                try:
                    cursor.execute(text)
                finally:
                    cursor.close()

        event.listen(Engine, "begin", begun)

    def _prepare_sqlite(self, connection: Any, driver: str) -> ConnectParameters:
        cursor = connection.cursor()
        try:
            cursor.execute("pragma database_list")
            path = next((row[2] for row in cursor.fetchall() if row[1] == "main"), "") or ""
            if self._read_only:
                cursor.execute("pragma query_only = on")
                cursor.fetchall()
        finally:
            cursor.close()
        # normalised, but no link followed: messages show the path as the project gives it
        path = self._absent or (os.path.abspath(path) if path else "")  # noqa: PTH100
        return ConnectParameters("sqlite", driver, {"database": path})

    def _on_checkout(self, connection: Any, record: Any, proxy: Any) -> None:
        refusal.check("a database connection")
