"""The deploy lock behind a pooler: a row with a heartbeat, since session locks exclude nobody there.

Two clients of a pooler may share a server session, so both are granted its advisory lock. A row is taken by one
statement and lives by the server's clock; whoever does not renew it loses it. A run that holds the advisory lock
on a direct connection is respected, and respects the row (see `locks`): each announces itself, then looks.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from alembic_safe.databases.account import account_name
from alembic_safe.databases.postgresql.heartbeat import Heartbeat
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.errors import AlembicSafeError, LockHeldError
from alembic_safe.model.protocols import Rows
from alembic_safe.model.targets import DatabaseFacts

if TYPE_CHECKING:
    import psycopg

LEASE_SECONDS = 30.0
BEAT_SECONDS = 5.0
_PATIENCE_BEATS = 2
# what a second maker of the schema or table meets: unique violation, duplicate table, duplicate schema
_MADE_ALREADY = {"42710", "23505", "42P07", "42P06"}


class _Session(Protocol):
    @property
    def facts(self) -> DatabaseFacts: ...
    def fetch(self, sql: str, parameters: Sequence[object] = ()) -> Rows: ...
    def execute(self, sql: str) -> None: ...


class LeaseLock:
    """Keys of one database, taken together or not at all, as rows of `schema`.lease."""

    def __init__(
        self,
        session: _Session,
        keys: Sequence[int],
        schema: str,
        connect: Callable[[], psycopg.Connection[tuple[Any, ...]]] | None = None,
    ) -> None:
        """`connect` makes the connection on which the rows are renewed; None: they are only looked at."""
        self._session = session
        self._connect = connect
        self._heart: Heartbeat | None = None
        self._keys = sorted(set(keys))
        self._schema = '"' + schema.replace('"', '""') + '"'
        self._token = secrets.token_hex(16)
        self._taken: list[int] = []
        self._beaten = 0.0
        self._made = False

    def try_take(self) -> bool:
        """Take all rows; False, and none held, where another's is alive, or its advisory lock is held."""
        if self._taken:
            self.check()
            return True
        self._make()
        who = f"{account_name()} from {socket.gethostname()} (process {os.getpid()})"
        for key in self._keys:
            rows = self._session.fetch(
                self._ours(query("lease_take")), [key, self._token, who, LEASE_SECONDS]
            )
            if not rows:
                self.release()
                return False
            self._taken.append(key)
        self._beaten = time.monotonic()
        elsewhere = self._session.fetch(query("lock_elsewhere"), [self._keys])[0][0]  # a restore
        if elsewhere or advisory_holder(self._session, self._keys):
            self.release()
            return False
        _held.append(self)
        if self._connect is not None:
            beat_sql = self._ours(query("lease_beat"))
            self._heart = Heartbeat(self._connect, beat_sql, self._taken, self._token, BEAT_SECONDS)
            self._heart.start()
        return True

    def holder(self) -> str:
        """Who holds a row that is alive, or the advisory lock on a direct connection; "" when nobody does."""
        return self.row_holder() or advisory_holder(self._session, self._keys)

    def row_holder(self) -> str:
        """Who holds a row that is alive."""
        if not self._session.fetch("SELECT pg_catalog.to_regclass(%s)", [f"{self._schema}.lease"])[0][0]:
            return ""
        rows = self._session.fetch(self._ours(query("lease_holder")), [self._keys])
        if rows:
            who, since, seconds, quiet = rows[0]
            return f"{who}, since {since} UTC, {seconds:.0f} s, last heard of {quiet:.0f} s ago"
        return ""

    def quiet(self) -> float | None:
        """For how long (s) the lease that is in force was not renewed; None where a session holds the lock itself."""
        if not self._session.fetch("SELECT pg_catalog.to_regclass(%s)", [f"{self._schema}.lease"])[0][0]:
            return None
        rows = self._session.fetch(self._ours(query("lease_holder")), [self._keys])
        return float(rows[0][3]) if rows else None

    def check(self) -> None:
        """Renew the rows. Raises `LockHeldError` when one of them is not ours any more."""
        if not self._taken:
            return
        rows = self._session.fetch(self._ours(query("lease_beat")), [self._taken, self._token])
        self._beaten = time.monotonic()
        if len(rows) < len(self._taken):
            self._lost()

    def beat(self) -> None:
        """Raise `LockHeldError` when it is lost; renew it here where its thread has failed to for some time."""
        if self._heart is not None and self._heart.lost:
            self._lost()
        beaten = max(self._beaten, self._heart.beaten if self._heart is not None else 0.0)
        if time.monotonic() - beaten >= _PATIENCE_BEATS * BEAT_SECONDS:
            self.check()

    def _lost(self) -> NoReturn:
        self._forget()
        raise LockHeldError(
            f"the lease on {self._session.facts.address} was lost: it was not renewed in time, and another took it",
            hint="Was this process or its network stopped for a while? See `alembic-safe status`.",
        )

    def release(self) -> None:
        """Delete the rows that are ours. Never raises: what is left dies by itself."""
        keys = list(self._taken)
        self._forget()
        if keys:
            try:
                self._session.fetch(self._ours(query("lease_release")), [keys, self._token])
            except AlembicSafeError:
                return

    def _forget(self) -> None:
        if self._heart is not None:
            self._heart.stop()
            self._heart = None
        self._taken.clear()
        if self in _held:
            _held.remove(self)

    def _make(self) -> None:
        if self._made:
            return
        name = f"{self._schema}.lease"
        if not self._session.fetch("SELECT pg_catalog.to_regclass(%s)", [name])[0][0]:
            for sql in (f"CREATE SCHEMA IF NOT EXISTS {self._schema}", self._ours(query("lease_create"))):
                try:
                    self._session.execute(sql)
                except AlembicSafeError as error:
                    if getattr(error.__cause__, "sqlstate", None) not in _MADE_ALREADY:
                        raise
        self._made = True

    def _ours(self, text: str) -> str:
        return text.replace("journal.lease", f"{self._schema}.lease")


# Every lease that this process holds, on whichever connection: a tick of any of them looks at them all, so that a
# run on one database hears that the lease on the next one is lost.
_held: list[LeaseLock] = []


def beat() -> None:
    """Look at every lease. Raises `LockHeldError` for one that is lost, `UnreachableError` with its connection."""
    for lease in tuple(_held):
        lease.beat()


def abandon(session: object) -> None:
    """Renew nothing any more that was taken on `session`: it is closed, and what is left dies by itself."""
    for lease in tuple(_held):
        if lease._session is session:
            lease._forget()


def advisory_holder(session: _Session, keys: Sequence[int]) -> str:
    """Who holds one of these advisory locks, other than ourselves, for people; "" when nobody does."""
    rows = session.fetch(query("lock_holder"), [list(keys)])
    if not rows:
        return ""
    pid, user, host, application, since, seconds = rows[0]
    parts = [
        f"pid {pid}",
        user or "",
        f"from {host}" if host else "",
        f"({application})" if application else "",
    ]
    if since is not None:  # hidden from other roles without pg_read_all_stats
        parts.append(f"connected since {since} UTC, {seconds:.0f} s")
    return " ".join(part for part in parts if part)
