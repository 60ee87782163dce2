"""The deploy lock on PostgreSQL: session advisory locks, polled and never waited for.

A blocking waiter would deadlock with CREATE INDEX CONCURRENTLY, which waits for every older transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from alembic_safe.databases.postgresql.lease import LeaseLock, advisory_holder
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.errors import AlembicSafeError, LockHeldError
from alembic_safe.model.protocols import Rows
from alembic_safe.model.targets import DatabaseFacts


class _Session(Protocol):
    @property
    def facts(self) -> DatabaseFacts: ...
    def fetch(self, sql: str, parameters: Sequence[object] = ()) -> Rows: ...
    def execute(self, sql: str) -> None: ...


def lock_key(database: str, table: str) -> int:
    """The signed 64-bit advisory key of a version table (schema-qualified) of a database.

    It is the same on every version of this tool and on every machine: two deployers must agree on it.
    """
    text = "\0".join(("alembic-safe deploy lock", database, table))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


class AdvisoryLock:
    """Keys of one database, taken together or not at all. They die with their session: a kill leaves none."""

    def __init__(self, session: _Session, tables: Sequence[str], schema: str) -> None:
        """`schema` is where others, behind a pooler, keep their leases."""
        self._session = session
        database = session.facts.database
        self._keys = sorted({lock_key(database, table) for table in tables})
        self._taken: list[int] = []
        self._schema = schema
        self._lease = LeaseLock(session, self._keys, schema)
        self._elsewhere = False

    def elsewhere(self, session: _Session) -> AdvisoryLock:
        """The same keys for a session on another database of the server: who takes the lock in ours looks there too.

        So a restore keeps everybody out while no session of ours may be on the database itself.
        """
        lock = AdvisoryLock(session, (), self._schema)
        lock._keys = list(self._keys)
        lock._elsewhere = True
        return lock

    def try_take(self) -> bool:
        if self._taken:  # session locks count: a second take would need a second release
            self.check()
            return True
        for key in self._keys:
            if not self._session.fetch("SELECT pg_catalog.pg_try_advisory_lock(%s)", [key])[0][0]:
                self.release()
                return False
            self._taken.append(key)
        # asked after ours is taken: a restore takes its own before it lets go of the one in the database, and
        # whoever is behind a pooler has its row before it looks at our lock
        if not self._elsewhere and (
            self._session.fetch(query("lock_elsewhere"), [self._keys])[0][0] or self._lease.row_holder()
        ):
            self.release()
            return False
        return True

    def holder(self) -> str:
        found = advisory_holder(self._session, self._keys)
        return found or ("" if self._elsewhere else self._lease.row_holder())

    def quiet(self) -> float | None:
        """For how long (s) a lease that stands for the lock was not renewed; None where none does."""
        return None if self._elsewhere or advisory_holder(self._session, self._keys) else self._lease.quiet()

    def check(self) -> None:
        if not self._taken:
            return
        held = self._session.fetch(query("locks_held"), [self._taken])[0][0]
        if held < len(self._taken):
            raise LockHeldError(
                f"the deploy lock on {self._session.facts.address} is no longer ours",
                hint="Somebody released it, or a pooler gave our session away. See `alembic-safe status`.",
            )

    def release(self) -> None:
        while self._taken:
            key = self._taken.pop()
            try:
                self._session.fetch("SELECT pg_catalog.pg_advisory_unlock(%s)", [key])
            except AlembicSafeError:
                self._taken.clear()  # the session is gone, and its locks with it
