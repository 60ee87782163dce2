"""Fixtures of databases: a server a session, a database a test, and nobody left on it afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import psycopg
import pytest
import sqlalchemy

from alembic_safe.databases.postgresql.server import Binaries, TemporaryServer, find_binaries
from tests.support.processes import wait_until

_GONE_SECONDS = 3.0
_OLD_SQLALCHEMY = sqlalchemy.__version__.startswith("1.")
DEFAULT_DRIVER = "psycopg2" if _OLD_SQLALCHEMY else "psycopg"
_names = (f"test_{number}" for number in itertools.count(1))


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """A database of a test. `connect` gives an autocommit psycopg connection that the fixture closes."""

    __test__ = False

    name: str
    server: TemporaryServer
    _connections: list[psycopg.Connection[Any]] = field(default_factory=list, repr=False)

    @property
    def keywords(self) -> dict[str, str]:
        """libpq keywords, as superuser over the socket."""
        return self.server.keywords(self.name)

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.server.major

    def url(self, driver: str | None = None) -> str:
        """A SQLAlchemy URL for psycopg, psycopg2 or asyncpg; by default the newest this SQLAlchemy knows."""
        if driver == "psycopg" and _OLD_SQLALCHEMY:
            pytest.skip(f"psycopg needs SQLAlchemy 2, this is {sqlalchemy.__version__}")
        return self.server.url(driver or DEFAULT_DRIVER, self.name)

    def connect(self, **keywords: str) -> psycopg.Connection[Any]:
        """A connection in autocommit, closed after the test."""
        connection = self.server.connect(self.name, **keywords)
        self._connections.append(connection)
        return connection

    def fetch(self, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows of one statement (none for DDL), on a connection of its own."""
        with self.server.connect(self.name) as connection:
            cursor = connection.execute(statement.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def sessions(self) -> list[tuple[int, str, str, str]]:
        """Who is connected: pid, application_name, state, query."""
        with self.server.connect() as connection:
            return connection.execute(
                "SELECT pid, application_name, coalesce(state, ''), query FROM pg_stat_activity"
                " WHERE datname = %s AND backend_type = 'client backend'",
                (self.name,),
            ).fetchall()

    def close_connections(self) -> None:
        """Close what `connect` gave."""
        while self._connections:
            self._connections.pop().close()


@cache
def binaries_by_major() -> dict[int, Binaries]:
    """The first PostgreSQL of each major at hand, newest first."""
    found: dict[int, Binaries] = {}
    for one in find_binaries():
        found.setdefault(one.major, one)
    return found


MAJORS = tuple(binaries_by_major()) or (0,)


@pytest.fixture(scope="session")
def pg_servers() -> Iterator[Any]:
    """A function (major, durable=False, tcp=False) -> TemporaryServer; each started once."""
    with ExitStack() as stack:
        running: dict[tuple[int, bool, bool], TemporaryServer] = {}

        def get(major: int, *, durable: bool = False, tcp: bool = False) -> TemporaryServer:
            if major not in binaries_by_major():
                pytest.skip(f"no PostgreSQL {major or ''} programs on this machine")
            key = (major, durable, tcp)
            if key not in running:
                server = TemporaryServer(binaries_by_major()[major], durable=durable, tcp=tcp)
                running[key] = stack.enter_context(server)
            return running[key]

        yield get


@pytest.fixture(scope="session")
def pg(pg_servers: Any) -> TemporaryServer:
    """A server of the newest major at hand."""
    server: TemporaryServer = pg_servers(MAJORS[0])
    return server


@pytest.fixture(scope="session")
def pg_tcp(pg_servers: Any) -> TemporaryServer:
    """Like `pg`, with a port of 127.0.0.1 that asks for a password (`server.password`)."""
    server: TemporaryServer = pg_servers(MAJORS[0], tcp=True)
    return server


@pytest.fixture
def pg_database(pg: TemporaryServer) -> Iterator[TestDatabase]:
    """A fresh database on the newest server."""
    yield from _database(pg)


@pytest.fixture
def make_pg_database(pg: TemporaryServer) -> Iterator[Any]:
    """A function () -> TestDatabase, for tests that need several."""
    with ExitStack() as stack:

        def make(server: TemporaryServer | None = None) -> TestDatabase:
            steps = _database(server or pg)
            database = next(steps)
            stack.callback(lambda: next(steps, None))
            return database

        yield make


@pytest.fixture(params=MAJORS, ids=lambda major: f"pg{major}")
def any_pg_database(request: pytest.FixtureRequest, pg_servers: Any) -> Iterator[TestDatabase]:
    """A fresh database on each major at hand: the test runs once for each."""
    yield from _database(pg_servers(request.param))


@pytest.fixture
def durable_pg(pg_servers: Any) -> TemporaryServer:
    """A server with fsync and synchronous_commit on; it may be stopped and started again by the test."""
    server: TemporaryServer = pg_servers(MAJORS[0], durable=True)
    return server


@pytest.fixture
def durable_pg_database(durable_pg: TemporaryServer) -> Iterator[TestDatabase]:
    """A fresh database on `durable_pg`."""
    yield from _database(durable_pg)


def _database(server: TemporaryServer) -> Iterator[TestDatabase]:
    database = TestDatabase(next(_names), server)
    server.create_database(database.name)
    yield database
    database.close_connections()
    try:
        wait_until(lambda: not database.sessions(), _GONE_SECONDS)
    except AssertionError:
        raise AssertionError(f"the test left sessions behind: {database.sessions()}") from None
    finally:
        server.drop_database(database.name)
