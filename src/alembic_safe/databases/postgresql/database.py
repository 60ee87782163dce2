"""The control connection to a PostgreSQL database: implements `model.protocols.Database`."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import psycopg
from psycopg import errors

from alembic_safe.databases.postgresql.connection import Connected
from alembic_safe.databases.postgresql.failures import query_failure
from alembic_safe.databases.postgresql.identity import SERVER_IDENTITY_SQL
from alembic_safe.databases.postgresql.lease import LeaseLock, abandon, beat
from alembic_safe.databases.postgresql.locks import AdvisoryLock, lock_key
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.model.facts import Name
from alembic_safe.model.live import LiveLook
from alembic_safe.model.protocols import Dump, Rows
from alembic_safe.model.runs import NOTHING_HELD, TransactionOutcome
from alembic_safe.model.targets import DatabaseFacts, Session, VersionTable

PING_AFTER = 15.0
_NEVER = 2**31
_XID = re.compile(r"[0-9]{1,20}", re.ASCII)
_Parameters = Sequence[object] | Mapping[str, object]


class PostgresDatabase:
    """One session of ours, autocommit. Errors of the server become errors of ours; see `failures`."""

    def __init__(self, connected: Connected) -> None:
        self._connected = connected
        self._connection = connected.connection
        self._address = connected.address
        self._used = time.monotonic()
        self._met: set[str] = set()
        try:
            self._facts = self._learn()
        except BaseException:
            self.close()
            raise

    def _learn(self) -> DatabaseFacts:
        told_pid = self._connection.info.backend_pid
        self.fetch(query("settle_session"), [told_pid])
        version, number, database, recovery, read_only, user, pid = self.fetch(query("facts"))[0]
        pooler = pid != told_pid
        if not pooler:
            # what is prepared here is there for the next statement, which behind a pooler nobody knows; only
            # what asks for it is prepared
            self._connection.prepare_threshold = _NEVER
            if self._connected.read_only:
                self.execute("SET default_transaction_read_only = on")
        return DatabaseFacts(
            dialect="postgresql",
            version=str(version).split()[0],
            version_number=number,
            database=database,
            address=self._address,
            server=str(self.fetch(f"SELECT {SERVER_IDENTITY_SQL}")[0][0]),
            size=self._size(),
            in_recovery=recovery,
            read_only=recovery or read_only,
            pooler=pooler,
            user=user,
        )

    def _size(self) -> int | None:
        try:
            row = self._connection.execute(
                "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"
            ).fetchone()
        except psycopg.Error as error:
            if self._connection.closed:
                self._fail(error)
            return None
        return int(row[0]) if row and row[0] is not None else None

    @property
    def facts(self) -> DatabaseFacts:
        return self._facts

    def read_heads(self, table: VersionTable) -> tuple[str, ...] | None:
        name = _quoted(table)
        # asked first, so that a missing table is no error in the server's log; once met, it is read at once
        if (
            name not in self._met
            and not self.fetch("SELECT pg_catalog.to_regclass(%s) IS NOT NULL", [name])[0][0]
        ):
            return None
        self._met.add(name)
        try:
            rows = self._run(f"SELECT version_num FROM {name}", ())
        except errors.UndefinedTable:  # dropped since
            return None
        except psycopg.Error as error:
            self._fail(error)
        return tuple(sorted(str(row[0]) for row in rows))

    def version_tables(self) -> dict[VersionTable, tuple[str, ...]]:
        found = {}
        for schema, name, readable in self.fetch(query("version_tables")):
            table = VersionTable(name, schema)
            heads = self.read_heads(table) if readable else None
            if heads is not None:
                found[table] = heads
        return found

    def deploy_lock(
        self, tables: Sequence[VersionTable], *, lease_schema: str = "alembic_safe"
    ) -> AdvisoryLock | LeaseLock:
        """The lock on the version tables, each named with the schema it really lies in; a lease behind a pooler."""
        names = []
        for table in tables:
            schema = table.schema or str(self.fetch(query("resolve_table"), [table.name])[0][0])
            names.append(f"{schema}.{table.name}")
        if self._facts.pooler:
            keys = [lock_key(self._facts.database, name) for name in names]
            return LeaseLock(self, keys, lease_schema, self._connected.again)
        return AdvisoryLock(self, names, lease_schema)

    def transaction_outcome(self, transaction: str) -> TransactionOutcome:
        """pg_xact_status (documentation: "Transaction ID and Snapshot Information Functions")."""
        if transaction == NOTHING_HELD:
            return "aborted"
        if not _XID.fullmatch(transaction):  # before 16 the server takes anything, "x" for 0
            return "unknown"
        try:
            rows = self._run("SELECT pg_catalog.pg_xact_status(%s::text::xid8)", [transaction])
        except errors.DataError:  # of the future, or too large
            return "unknown"
        except psycopg.Error as error:
            self._fail(error)
        outcome = rows[0][0]
        return outcome if outcome in ("committed", "aborted", "in progress") else "unknown"

    def change_counter(self) -> int | None:
        return None

    def change_mark(self) -> str | None:
        return None

    def sessions(self, application_name: str) -> tuple[Session, ...]:
        return tuple(Session(pid, began) for pid, began in self.fetch(query("sessions"), [application_name]))

    def interrupt(self) -> None:
        # it makes a connection of its own, which a network that has failed would keep waiting
        threading.Thread(target=self._cancel_own, name="alembic-safe-cancel", daemon=True).start()

    def _cancel_own(self) -> None:
        with suppress(psycopg.Error):  # closed meanwhile
            self._connection.cancel()

    def cancel(self, sessions: Sequence[Session]) -> None:
        self._signal(query("cancel"), sessions)

    def terminate(self, sessions: Sequence[Session]) -> None:
        self._signal(query("terminate"), sessions)

    def _signal(self, text: str, sessions: Sequence[Session]) -> None:
        for session in sessions:
            try:
                self._run(text, [session.pid, session.began])
            except errors.InsufficientPrivilege:
                continue  # another role's: not a session of ours
            except psycopg.Error as error:
                self._fail(error)

    def execute(self, sql: str, parameters: _Parameters = (), *, often: bool = False) -> None:
        """Run `sql`; several statements only without parameters. Placeholders are `%s` and `%(name)s`."""
        try:
            self._run(sql, parameters, prepare=often)
        except psycopg.Error as error:
            self._fail(error)

    def fetch(self, sql: str, parameters: _Parameters = (), *, often: bool = False) -> Rows:
        """All rows of `sql`. An error's `__cause__` is the driver's, with its `sqlstate`."""
        try:
            return self._run(sql, parameters, prepare=often)
        except psycopg.Error as error:
            self._fail(error)

    def _run(self, text: str, parameters: _Parameters, *, prepare: bool = False) -> Rows:
        # Without parameters None is passed on, so that a % in the text is a %.
        cursor = self._connection.execute(text.encode(), parameters or None, prepare=prepare)
        rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        self._used = time.monotonic()
        return rows

    def _fail(self, error: psycopg.Error) -> NoReturn:
        raise query_failure(
            error, address=self._address, lost=self._connection.closed, secrets=self._connected.secrets
        ) from error

    def look(self, names: Iterable[Name], search_path: Sequence[str], calls: Iterable[Name] = ()) -> LiveLook:
        from alembic_safe.databases.postgresql.live import look

        return look(self, names, search_path, calls)

    def dump_tool(self, bindir: Path | None) -> Dump:
        from alembic_safe.databases.postgresql.dump import find_dump_tool

        return find_dump_tool(self, self._connected, bindir)

    @property
    def connected(self) -> Connected:
        """What the connection was made from, for the tools of this room."""
        return self._connected

    def bindir(self) -> Path | None:
        """The folder of the server's own programs, if it runs here and we may ask (view pg_config)."""
        info = self._connection.info
        if not (info.host.startswith("/") or info.hostaddr in ("127.0.0.1", "::1")):
            return None
        allowed = (
            "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_config', 'SELECT')"
            " AND pg_catalog.has_function_privilege('pg_catalog.pg_config()', 'EXECUTE')"
        )
        if not self.fetch(allowed)[0][0]:
            return None
        rows = self.fetch("SELECT setting FROM pg_catalog.pg_config WHERE name = 'BINDIR'")
        folder = Path(str(rows[0][0])) if rows else None
        return folder if folder and (folder / "pg_dump").exists() else None

    def ping(self) -> None:
        beat()  # first: a dead connection is waited for longer than a lost lease may be
        if time.monotonic() - self._used >= PING_AFTER:
            self.fetch("SELECT 1")

    def close(self) -> None:
        abandon(self)
        self._connection.close()


def _quoted(table: VersionTable) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in (table.schema, table.name) if part)
