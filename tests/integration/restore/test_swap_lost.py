"""A connection that is lost at the end of a swap: what is said then is true."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest

from alembic_safe.backup.restore import replacing
from alembic_safe.databases import open_database
from alembic_safe.databases.postgresql import beside
from alembic_safe.databases.postgresql.locks import AdvisoryLock
from alembic_safe.databases.postgresql.swapping import Renaming, SwapLostError, swap
from alembic_safe.errors import AlembicSafeError, UnreachableError
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.restores import RestorePlan
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.workflow import restoring_server
from alembic_safe.workflow.restoring import not_read_back


class _Losing:
    """A connection whose backend is ended before, or after, it commits."""

    def __init__(self, database: Any, other: Any, *, committed: bool) -> None:
        self._database, self._other, self._committed = database, other, committed
        self.fetch = database.fetch

    def execute(self, statement: str) -> None:
        if statement == "COMMIT":
            if self._committed:
                self._database.execute(statement)
            pid = self._database.fetch("SELECT pg_backend_pid()")[0][0]
            self._other.execute(f"SELECT pg_terminate_backend({pid}, 5000)")
            statement = "SELECT 1"
        self._database.execute(statement)


def _open(server: Any) -> Any:
    keywords = server.keywords("postgres")
    return open_database(ConnectParameters("postgresql", "psycopg", keywords), policy=ControlPolicy())


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("committed", [True, False], ids=["committed", "lost"])
def test_a_lost_commit_is_looked_up(pg, make_pg_database, committed, known):
    target, new = make_pg_database().name, make_pg_database().name
    kept = f"{target}_kept"
    control, ending, other = _open(pg), _open(pg), _open(pg)
    try:
        with pytest.raises(UnreachableError) as raised:
            losing: Any = _Losing(control, other, committed=committed)
            if not known:
                ending.close()
            swap(losing, ending, Renaming(target, new, kept, ()), end=False)
        said = f"{raised.value.message}; {raised.value.hint}"
        there = {row[0] for row in other.fetch("SELECT datname::text FROM pg_database")}
        assert (kept in there) == committed
        assert isinstance(raised.value, SwapLostError) == (committed or not known)
        if not known:
            assert f"If there is a database {kept}" in said
        elif committed:
            assert f"{target} is the restored database now" in said and f"stands as {kept}" in said
        else:
            assert f"{target} is the old database still" in said
        if committed:
            other.execute(f"ALTER DATABASE {target} RENAME TO {new}")
            other.execute(f"ALTER DATABASE {kept} RENAME TO {target}")
    finally:
        for database in (control, ending, other):
            database.close()


def test_what_cannot_be_read_back_is_said_to_be_there():
    plan = RestorePlan("b1", "shop", "shop", "shop_before_restore_1")

    error = not_read_back(plan, UnreachableError("too many connections", hint="Try again."))

    assert isinstance(error, AlembicSafeError) and error.exit_status == 9
    assert (
        error.message == "shop is the restored one now, but it could not be read back: too many connections"
    )
    assert error.hint == "The old one stands as shop_before_restore_1; it was not touched. Try again."


@pytest.mark.parametrize("lost", ["swap", "read back"])
def test_a_restore_hands_on_what_is_true(monkeypatch, lost):
    """Neither is the journal of the database that bears the name closed as failed."""
    plan = RestorePlan("b1", "shop", "shop", "shop_before_restore_1")
    lock = AdvisoryLock.__new__(AdvisoryLock)
    work, journal, ground = MagicMock(), MagicMock(), MagicMock()
    work.lock.return_value, work.journal.return_value, ground.name = lock, journal, "shop"
    monkeypatch.setattr(AdvisoryLock, "check", lambda self: None)
    monkeypatch.setattr(replacing, "tidy", lambda *_: "shop_restoring_1")
    monkeypatch.setattr(replacing, "remove_left", lambda *_: ())
    monkeypatch.setattr(replacing, "check_extensions", lambda *_: None)
    swapped = MagicMock(side_effect=SwapLostError("lost") if lost == "swap" else None)
    monkeypatch.setattr(replacing, "replace_target", swapped)
    monkeypatch.setattr(beside, "unseal", lambda *_: None)
    # the new database is reached before the swap, and afterwards not
    after: Any = MagicMock() if lost == "swap" else UnreachableError("too many connections")
    ground.connect.side_effect = [MagicMock(), after]

    with pytest.raises(UnreachableError) as raised:
        restoring_server._replace(work, ground, plan)

    journal.fail.assert_not_called()
    if lost == "swap":
        assert raised.value.message == "lost"
    else:
        assert "shop is the restored one now" in raised.value.message
        assert "shop_before_restore_1" in raised.value.hint
        swapped.return_value.release.assert_called_once()
