"""Connections that the project opens with a driver by itself, past SQLAlchemy.

The drivers' connect functions are wrapped as soon as the drivers are imported, so that a name taken from them is
the wrapped one. While a revision is rendered they refuse; else each connection is marked, and made read-only for
a probe. What is opened below them (`psycopg2.extensions.connection`, `pq.PGconn`, another program) is not seen.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic_safe.bridge.worker import refusal

_BACKEND = "select pg_backend_pid()"


class RawConnections:
    """Wraps drivers from `install` on; one for the life of a worker. `settings` are run on each new session.

    They are left out behind a pooler, where they would stay on a session that others use next.
    """

    def __init__(self, settings: Sequence[str], *, read_only: bool) -> None:
        self._settings = tuple(settings)
        self._read_only = read_only
        self._patches: dict[str, Callable[[Any], None]] = {
            "psycopg": self._wrap_psycopg,
            "psycopg2": self._wrap_psycopg2,
            "asyncpg": self._wrap_asyncpg,
            "sqlite3": self._wrap_sqlite,
        }
        self._finding = False
        # set while SQLAlchemy connects: its connections are seen to by ConnectionWatch
        self.expected = False

    def install(self) -> None:
        sys.meta_path.insert(0, self)
        for name, patch in self._patches.items():
            if name in sys.modules:
                patch(sys.modules[name])

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The finder's part: a driver is found by the others, and wrapped when it has been executed."""
        patch = self._patches.get(name)
        if patch is None or self._finding:
            return None
        self._finding = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._finding = False
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                patch(module)

            loader.exec_module = exec_module
        return spec

    def _ours(self) -> bool:
        """Whether a new connection is to be seen to here. Raises while a revision is rendered."""
        refusal.check("a database connection")
        expected, self.expected = self.expected, False
        return not expected

    def _wrap_psycopg(self, module: Any) -> None:
        prepare, ours = self._prepare_psycopg, self._ours

        def wrapped(cls: Any, original: Any) -> Any:
            @functools.wraps(original.__func__)
            def connect(cls: Any, *arguments: Any, **keywords: Any) -> Any:
                mine = ours()
                connection = original.__func__(cls, *arguments, **keywords)
                return prepare(connection) if mine else connection

            return classmethod(connect)

        def wrapped_async(cls: Any, original: Any) -> Any:
            @functools.wraps(original.__func__)
            async def connect(cls: Any, *arguments: Any, **keywords: Any) -> Any:
                mine = ours()
                connection = await original.__func__(cls, *arguments, **keywords)
                return prepare(connection) if mine else connection

            return classmethod(connect)

        for cls, wrap in ((module.Connection, wrapped), (module.AsyncConnection, wrapped_async)):
            cls.connect = wrap(cls, cls.__dict__["connect"])
        module.connect = module.Connection.connect

    def _prepare_psycopg(self, connection: Any) -> Any:
        # below cursors, whose factories are the project's, and below transactions
        pgconn = connection.pgconn
        found = pgconn.exec_(_BACKEND.encode()).get_value(0, 0)
        if found is not None and int(found) == pgconn.backend_pid:
            for sql in self._settings:
                pgconn.exec_(sql.encode())
        return connection

    def _wrap_psycopg2(self, module: Any) -> None:
        original = module.connect

        @functools.wraps(original)
        def connect(*arguments: Any, **keywords: Any) -> Any:
            mine = self._ours()
            connection = original(*arguments, **keywords)
            if mine and not connection.async_:
                self._prepare_psycopg2(module.extensions.cursor(connection), connection)
            return connection

        module.connect = connect

    def _prepare_psycopg2(self, cursor: Any, connection: Any) -> None:
        cursor.execute(_BACKEND)
        if cursor.fetchone()[0] == connection.get_backend_pid():
            for sql in self._settings:
                cursor.execute(sql)
                connection.commit()
        connection.commit()
        cursor.close()

    def _wrap_asyncpg(self, module: Any) -> None:
        original = module.connect

        @functools.wraps(original)
        async def connect(*arguments: Any, **keywords: Any) -> Any:
            mine = self._ours()
            connection = await original(*arguments, **keywords)
            if mine and await connection.fetchval(_BACKEND) == connection.get_server_pid():
                for sql in self._settings:
                    await connection.execute(sql)
            return connection

        module.connect = module.connection.connect = connect

    def _wrap_sqlite(self, module: Any) -> None:
        original = module.connect

        @functools.wraps(original)
        def connect(database: Any, *arguments: Any, **keywords: Any) -> Any:
            self._ours()
            if not self._read_only:
                return original(database, *arguments, **keywords)
            if _is_absent(database, keywords.get("uri", False)):
                database = ":memory:"
            connection = original(database, *arguments, **keywords)
            connection.execute("pragma query_only = on").close()
            connection.set_authorizer(functools.partial(_authorize, module))
            return connection

        module.connect = module.dbapi2.connect = connect


def _is_absent(database: Any, uri: bool) -> bool:
    """Whether opening this SQLite file would create it, which a probe must not; an empty memory answers the same."""
    name = database.decode() if isinstance(database, bytes) else str(database)
    return name not in {"", ":memory:"} and not (uri and name.startswith("file:")) and not Path(name).exists()


def _authorize(sqlite3: Any, action: int, first: Any, second: Any, *_: Any) -> int:
    """Let everything pass but a change of the journal mode: it is written into the file in spite of query_only."""
    changes = action == sqlite3.SQLITE_PRAGMA and first == "journal_mode" and second is not None
    return int(sqlite3.SQLITE_IGNORE if changes else sqlite3.SQLITE_OK)
