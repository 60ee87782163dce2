"""Put one database in another's place by two renames in one transaction; sessions end only once the name is held.

The first rename locks the database before it looks whether anybody is connected (source: RenameDatabase and
InitPostgres in PostgreSQL's sources). So whoever connects meanwhile waits, for 5 s at most, and those connected
are ended while it looks: a pool that reconnects at once cannot win. Nothing is committed before both names are
right, so a kill at any moment leaves the old database as it was, open to everybody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from alembic_safe.databases.postgresql.belongings import ident
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.errors import AlembicSafeError, RefusedError, UnreachableError
from alembic_safe.quick import dataclass

if TYPE_CHECKING:
    from alembic_safe.databases.postgresql.database import PostgresDatabase

_PAUSE = 0.02
_LOCK_WAIT = "5s"
_IN_USE = "55006"
_COMMITTING = "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = %s AND state IS DISTINCT FROM 'idle'"
_SETTLED = 5.0  # seconds that a COMMIT whose connection was lost may go on for


class SwapLostError(UnreachableError):
    """The connection was lost during the COMMIT of a swap, which was made, or of which that is not known."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """`new` gets the name `target`, which becomes `old`; `also` is run in the same transaction."""

    target: str
    new: str
    old: str
    also: tuple[str, ...]


def swap(control: PostgresDatabase, ending: PostgresDatabase, renaming: Renaming, *, end: bool) -> None:
    """Carry out the renaming on `control`; `ending`, a second connection, ends sessions meanwhile if `end`.

    Neither may be connected to one of the two databases. Raises `RefusedError` when somebody stayed connected,
    with nothing changed; `SwapLostError`, or `UnreachableError` where nothing was changed, when the connection is
    lost during COMMIT.
    """
    backend = control.fetch("SELECT pg_catalog.pg_backend_pid()")[0][0]
    target, new, old = ident(renaming.target), ident(renaming.new), ident(renaming.old)
    with _Ended(ending, (renaming.target, renaming.new), end):
        control.execute("BEGIN")
        try:
            control.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
            control.execute(f"ALTER DATABASE {target} RENAME TO {old}")
            control.execute(f"ALTER DATABASE {new} ALLOW_CONNECTIONS true")
            control.execute(f"ALTER DATABASE {new} RENAME TO {target}")
            for statement in renaming.also:
                control.execute(statement)
        except BaseException as error:
            with suppress(AlembicSafeError):
                control.execute("ROLLBACK")
            if getattr(error.__cause__, "sqlstate", None) in (_IN_USE, "55P03"):
                raise RefusedError(
                    f"somebody stayed connected to {renaming.target}, so it keeps its name",
                    hint="Nothing was changed. Who they are stands in pg_stat_activity; `--end-sessions` ends them"
                    " where the role may (pg_signal_backend).",
                    detail=getattr(error, "message", None),
                ) from error
            raise
        try:
            control.execute("COMMIT")
        except AlembicSafeError as error:
            raise _lost(ending, renaming, backend, error) from error


def _lost(
    ending: PostgresDatabase, renaming: Renaming, backend: int, error: AlembicSafeError
) -> UnreachableError:
    """What is true after a COMMIT that nobody answered: read once that backend has ended."""
    target, kept = renaming.target, renaming.old
    try:
        gives_up = time.monotonic() + _SETTLED
        while going := ending.fetch(_COMMITTING, [backend]):
            if time.monotonic() > gives_up:
                break
            time.sleep(_PAUSE)
        made = bool(ending.fetch("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", [kept]))
    except AlembicSafeError:
        made, going = False, [()]
    said = f"the connection was lost while the swap was committed: {error.message}"
    if made:
        return SwapLostError(
            f"{target} is the restored database now, and {said}",
            hint=f"The old one stands as {kept}. See `alembic-safe status`.",
        )
    if going:
        return SwapLostError(
            said,
            hint=f"If there is a database {kept} (`psql --list`), that is the old one and {target} the restored one;"
            " otherwise nothing was changed. See `alembic-safe status`.",
        )
    return UnreachableError(said, hint=f"{target} is the old database still: run the same command again.")


class _Ended:
    """While entered, a thread ends the sessions on `names` over and over: new ones wait for the lock."""

    def __init__(self, database: PostgresDatabase, names: Iterable[str], end: bool) -> None:
        self._database = database
        self._names = tuple(names)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True) if end else None

    def __enter__(self) -> None:
        if self._thread is not None:
            self._thread.start()

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        # a lost connection shows in the renaming's own failure
        with suppress(AlembicSafeError):
            while not self._done.wait(_PAUSE):
                for name in self._names:
                    self._database.fetch(query("terminate_on"), [name])
