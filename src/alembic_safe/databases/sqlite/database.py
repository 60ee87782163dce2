"""Our own connection to an SQLite file: implements `model.protocols.Database`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

from alembic_safe.databases.sqlite.locks import FileLock
from alembic_safe.errors import AlembicSafeError, GaveUpError, RefusedError, UnreachableError, UsageError
from alembic_safe.model.facts import Name
from alembic_safe.model.live import LiveLook
from alembic_safe.model.protocols import Dump, Rows
from alembic_safe.model.runs import TransactionOutcome
from alembic_safe.model.targets import ConnectParameters, DatabaseFacts, Session, VersionTable

_BUSY_SECONDS = 30.0
_Parameters = Sequence[object] | Mapping[str, object]
_VERSION_TABLES = """
SELECT m.name FROM sqlite_master AS m
WHERE m.type = 'table'
  AND (SELECT group_concat(c.name, ',') FROM pragma_table_info(m.name) AS c) = 'version_num'
ORDER BY m.name
"""


class SqliteDatabase:
    """One connection of ours, autocommit. A file that does not exist is an empty database, and stays missing
    for as long as it is only read."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection | None, *, what: str, read_only: bool
    ) -> None:
        self._path = path
        self._connection = connection
        self._what = what
        self._read_only = read_only

    @classmethod
    def open(cls, parameters: ConnectParameters, *, what: str, read_only: bool) -> SqliteDatabase:
        """Open the file that `parameters` name. Raises UsageError (in memory) or UnreachableError."""
        name = parameters.keywords.get("database", "")
        if name in ("", ":memory:") or "mode=memory" in name:
            raise UsageError(
                "the target is an SQLite database in memory, which ends with the process that made it",
                hint="Give `sqlalchemy.url` a file, such as sqlite:///app.db.",
            )
        path = Path(name)
        database = cls(path, None, what=what, read_only=read_only)
        if path.exists() or not read_only:
            database._connection = database._connect()
        return database

    def _connect(self) -> sqlite3.Connection:
        mode = "ro" if self._read_only else "rwc"
        connection = None
        try:
            connection = sqlite3.connect(
                f"file:{quote(str(self._path))}?mode={mode}",
                uri=True,
                isolation_level=None,
                timeout=_BUSY_SECONDS,
                check_same_thread=False,
            )
            connection.execute(
                "PRAGMA schema_version"
            ).fetchone()  # reads the header: is it a database at all?
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise UnreachableError(
                f"the SQLite database {self._path} cannot be opened: {error}",
                hint="Is the path right, and may this user read and write the file and its directory?",
            ) from error
        return connection

    @property
    def path(self) -> Path:
        return self._path

    @property
    def facts(self) -> DatabaseFacts:
        exists = self._path.exists()
        number = sqlite3.sqlite_version_info
        return DatabaseFacts(
            dialect="sqlite",
            version=sqlite3.sqlite_version,
            version_number=number[0] * 1_000_000 + number[1] * 1_000 + number[2],
            database=str(self._path),
            address=str(self._path),
            server=str(self._path.resolve()),
            size=self._path.stat().st_size if exists else 0,
            read_only=self._read_only,
        )

    def read_heads(self, table: VersionTable) -> tuple[str, ...] | None:
        master = f"{_quote(table.schema)}.sqlite_master" if table.schema else "sqlite_master"
        # Of the names that SQLite takes for the same, whatever the letters' case.
        found = f"SELECT 1 FROM {master} WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE"
        if not self.fetch(found, [table.name]):
            return None
        name = ".".join(_quote(part) for part in (table.schema, table.name) if part)
        return tuple(sorted(str(row[0]) for row in self.fetch(f"SELECT version_num FROM {name}")))

    def version_tables(self) -> dict[VersionTable, tuple[str, ...]]:
        tables = [VersionTable(str(row[0])) for row in self.fetch(_VERSION_TABLES)]
        return {table: self.read_heads(table) or () for table in tables}

    def deploy_lock(self, tables: Sequence[VersionTable], *, lease_schema: str = "alembic_safe") -> FileLock:
        """One lock a file, whatever the tables: SQLite has one writer at a time anyway."""
        return FileLock(self._path, self._what)

    def transaction_outcome(self, transaction: str) -> TransactionOutcome:
        return "unknown"

    def change_counter(self) -> int | None:
        rows = self.fetch("PRAGMA data_version")
        return int(rows[0][0]) if rows else None

    def change_mark(self) -> str | None:
        """The file's change counter, which every commit raises and which outlives connections.

        It is bytes 24 to 27 of the header (sqlite.org/fileformat2.html, section 1.3.7). None in WAL mode,
        where commits leave it alone, and for a missing file.
        """
        mode = self.fetch("PRAGMA journal_mode")
        if not mode or mode[0][0] == "wal":
            return None
        self.fetch("SELECT count(*) FROM sqlite_master")  # rolls back what a killed writer left half done
        header = b""
        with self._path.open("rb") as file:
            header = file.read(28)
        return f"file change counter {int.from_bytes(header[24:28], 'big')}"

    def sessions(self, application_name: str) -> tuple[Session, ...]:
        return ()

    def interrupt(self) -> None:
        """A file is waited for by the busy timeout alone, which is short."""

    def cancel(self, sessions: Sequence[Session]) -> None:
        """SQLite has no sessions to cancel."""

    def terminate(self, sessions: Sequence[Session]) -> None:
        """SQLite has no sessions to end."""

    def execute(self, sql: str, parameters: _Parameters = (), *, often: bool = False) -> None:
        """Run `sql`; several statements only without parameters. Placeholders are `?` and `:name`."""
        connection = self._writable()
        try:
            _execute(connection, sql, parameters)
        except sqlite3.Error as error:
            self._fail(error)

    def fetch(self, sql: str, parameters: _Parameters = (), *, often: bool = False) -> Rows:
        """All rows of `sql`; none from a file that does not exist."""
        if self._connection is None and self._path.exists():
            self._connection = self._connect()  # made since by a revision
        if self._connection is None:
            return []
        try:
            return list(self._connection.execute(sql, parameters))
        except sqlite3.Error as error:
            self._fail(error)

    def _writable(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _fail(self, error: sqlite3.Error) -> NoReturn:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise GaveUpError(
                f"gave up waiting for {self._path}: {text}",
                hint="Another process writes to it: see `fuser`, then run the same command again.",
            ) from error
        if "readonly" in text or "read-only" in text:
            raise RefusedError(
                f"{self._path} cannot be written: {text}", hint="See the file's rights."
            ) from error
        if "is full" in text:
            raise RefusedError(
                f"{self._path} cannot be written: {text}", hint="Make room, then run the same command again."
            ) from error
        if isinstance(error, sqlite3.ProgrammingError) and "closed" in text:
            raise UnreachableError(f"the connection to {self._path} is closed") from error
        if "malformed" in text or "not a database" in text or "disk I/O" in text or "unable to open" in text:
            raise UnreachableError(
                f"{self._path} cannot be read: {text}", hint="Try `PRAGMA integrity_check`."
            ) from error
        raise AlembicSafeError(f"a query of alembic-safe failed on {self._path}: {text}") from error

    def look(self, names: Iterable[Name], search_path: Sequence[str], calls: Iterable[Name] = ()) -> LiveLook:
        from alembic_safe.databases.sqlite.live import look

        return look(self, names)

    def dump_tool(self, bindir: Path | None) -> Dump:
        from alembic_safe.databases.sqlite.dump import SqliteDump

        return SqliteDump(self._path)

    def ping(self) -> None:
        """A file needs no keeping alive."""

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _execute(connection: sqlite3.Connection, sql: str, parameters: _Parameters) -> None:
    try:
        connection.execute(sql, parameters)
    except (sqlite3.Warning, sqlite3.ProgrammingError) as error:
        if parameters or "one statement" not in str(error):
            raise
        # Not for a single statement: executescript() commits a transaction that is open.
        connection.executescript(sql)


def _quote(name: str | None) -> str:
    return '"' + (name or "").replace('"', '""') + '"'
