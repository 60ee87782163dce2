"""What the rooms promise each other about a database. Only `databases` implements these and has a driver."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from alembic_safe.model.backups import WHOLE, DumpContent, TableContent
from alembic_safe.model.facts import Name
from alembic_safe.model.guarding import CutKind, Look, Other, Work
from alembic_safe.model.live import LiveLook
from alembic_safe.model.runs import TransactionOutcome
from alembic_safe.model.targets import DatabaseFacts, Session, VersionTable

Rows = list[tuple[Any, ...]]


class DeployLock(Protocol):
    """The deploy lock of some targets of one database: all taken, or none."""

    def try_take(self) -> bool:
        """Take all keys without waiting; False, and nothing held, when any is held by another."""

    def holder(self) -> str:
        """Who holds it, for people: pid, user, host, application, since when; "" where not known."""

    def quiet(self) -> float | None:
        """For how long (s) the lease in its place was not renewed; None where a session or a file holds it."""

    def check(self) -> None:
        """Raise `LockHeldError` when a lock that was taken is no longer ours."""

    def release(self) -> None:
        """Give the lock back. Never raises."""


class Dump(Protocol):
    """How one database is dumped and a dump of it is read. Made by `Database.dump_tool`."""

    @property
    def engine(self) -> str: ...
    @property
    def version(self) -> str: ...

    def write(
        self,
        folder: Path,
        *,
        jobs: int,
        compression: str,
        tick: Callable[[], None],
        content: DumpContent = WHOLE,
    ) -> None:
        """Dump the database into `folder` (exists, empty). `tick` is called at least every 0.25 s.

        Raises `BackupError` with the tool's own words when it fails; the tool is ended if `tick` raises.
        """

    def check(self, compression: str) -> None:
        """Raise `BackupError` when the tool cannot compress so, or the role may not read something, before minutes
        are spent."""

    def read(self, folder: Path, *, tick: Callable[[], None]) -> tuple[TableContent, ...]:
        """Read the dump whole, keeping nothing; rows by table. Raises `BackupError` naming the fault."""


class Database(Protocol):
    """Our own connection to a target's database: autocommit, direct, never the project's.

    Every method raises `UnreachableError` when the connection is gone.
    """

    @property
    def facts(self) -> DatabaseFacts: ...

    def read_heads(self, table: VersionTable) -> tuple[str, ...] | None:
        """The version rows, sorted; None when the table does not exist."""

    def version_tables(self) -> dict[VersionTable, tuple[str, ...]]:
        """Every table that looks like alembic's version table, in any schema, with its rows."""

    def deploy_lock(
        self, tables: Sequence[VersionTable], *, lease_schema: str = "alembic_safe"
    ) -> DeployLock:
        """The lock on these version tables; behind a pooler a row of `lease_schema`, renewed by `ping`."""

    def transaction_outcome(self, transaction: str) -> TransactionOutcome:
        """What became of an xid8 (PostgreSQL's pg_xact_status); "unknown" on SQLite."""

    def change_counter(self) -> int | None:
        """A number that changes when another connection commits (SQLite's data_version); None elsewhere."""

    def change_mark(self) -> str | None:
        """As `change_counter`, but comparable across processes; None where there is no such mark."""

    def interrupt(self) -> None:
        """Have the query that runs on this connection fail, if one does. Never blocks or raises (signal handlers)."""

    def sessions(self, application_name: str) -> tuple[Session, ...]:
        """Sessions with this application_name on this database, other than our own."""

    def cancel(self, sessions: Sequence[Session]) -> None:
        """Cancel what they run, on the server; a session that is another by now is left alone."""

    def terminate(self, sessions: Sequence[Session]) -> None:
        """End them; a session that is another by now is left alone."""

    def execute(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = (), *, often: bool = False
    ) -> None: ...

    def fetch(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = (), *, often: bool = False
    ) -> Rows:
        """`often`: worth preparing. Only for tables that nobody else alters: a prepared plan outlives no change."""
        ...

    def look(self, names: Iterable[Name], search_path: Sequence[str], calls: Iterable[Name] = ()) -> LiveLook:
        """What the catalog says of these relations and what hangs together with them; reads only.

        `calls` are functions and procedures whose bodies are wanted, with those that they call in turn.
        Names without a schema are looked for on `search_path` (PostgreSQL; empty: the session's own).
        """

    def dump_tool(self, bindir: Path | None) -> Dump:
        """The tool that dumps this database. Raises `BackupError` saying what was looked for and where."""

    def ping(self) -> None:
        """A cheap query when 15 s have passed since the last; keeps proxies from dropping the connection.

        Renews leases too, and raises `LockHeldError` when one is lost.
        """

    def close(self) -> None: ...


class Watcher(Protocol):
    """A connection that watches a run's sessions from outside, and can end what they do.

    Every method but `close` raises `UnreachableError` when the connection is gone.
    """

    def look(self, application_name: str, known: Collection[Session]) -> Look:
        """The sessions with this name or known from an earlier look, and who waits for them."""

    def describe(self, pids: Sequence[int], ours: Collection[int]) -> tuple[Other, ...]: ...

    def cut(self, kind: CutKind, session: Session, transaction: str) -> bool:
        """Cancel or terminate, only while session and transaction are still those; whether it was done.

        Raises `RefusedError` when the role may not.
        """

    def end(self, sessions: Sequence[Session]) -> None:
        """End sessions; one that is another by now is left alone."""

    def work(self, pids: Sequence[int]) -> Work | None: ...
    def close(self) -> None: ...
