"""The lease behind a real PgBouncer in transaction mode, alone and against the advisory lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from alembic_safe.databases.postgresql import lease
from alembic_safe.errors import LockHeldError
from alembic_safe.model.targets import VersionTable
from tests.support.pgbouncer import Pooler, pgbouncer
from tests.support.processes import wait_until

TABLES = [VersionTable()]


@pytest.fixture(scope="module")
def pooler(pg: Any) -> Iterator[Pooler]:
    with pgbouncer(pg) as running:
        yield running


@pytest.fixture
def pooled(pooler: Pooler, pg_database: Any, opened: Callable[..., Any]) -> Iterator[Callable[[], Any]]:
    """A function that opens our connection to the database through the pooler."""
    yield lambda: opened(pooler.keywords(pg_database.name))
    # its server connections stay open until they are told to end
    end = sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}")
    pg_database.server.execute(end.format(pg_database.name))


def test_one_holds_it_and_the_other_is_told_who(pooled: Any) -> None:
    mine, others = pooled(), pooled()
    assert mine.facts.pooler
    assert isinstance(mine.deploy_lock(TABLES), lease.LeaseLock)
    lock, other = mine.deploy_lock(TABLES), others.deploy_lock(TABLES)
    assert other.holder() == ""
    assert lock.try_take()
    assert lock.try_take(), "taking it twice is taking it once"
    assert not other.try_take()
    assert "last heard of 0 s ago" in other.holder()
    lock.check()
    lock.release()
    assert other.try_take()
    other.release()
    assert others.fetch("SELECT count(*) FROM alembic_safe.lease") == [(0,)]


def test_all_tables_or_none(pooled: Any) -> None:
    mine, others = pooled(), pooled()
    tables = [VersionTable(name) for name in ("a", "b", "c")]
    middle = others.deploy_lock([tables[1]])
    assert middle.try_take()
    assert not mine.deploy_lock(tables).try_take()
    assert mine.fetch("SELECT count(*) FROM alembic_safe.lease") == [(1,)], "none is kept"
    middle.release()
    whole = mine.deploy_lock(tables)
    assert whole.try_take()
    whole.release()


def test_it_and_the_advisory_lock_exclude_each_other(pooled: Any, pg_database: Any, opened: Any) -> None:
    behind, direct = pooled(), opened(pg_database)
    lease_, lock = behind.deploy_lock(TABLES), direct.deploy_lock(TABLES)
    assert lock.try_take()
    assert not lease_.try_take()
    assert lease_.holder().startswith("pid ")
    lock.release()
    assert lease_.try_take()
    assert not lock.try_take()
    assert "last heard of" in lock.holder()
    lease_.release()
    assert lock.try_take()
    lock.release()


def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.1)


def _stop_renewing(lock: Any) -> None:
    """As if this process had been stopped."""
    lock._heart.stop()
    lock._heart = None
    lease._held.remove(lock)


def test_a_long_call_of_the_run_does_not_let_it_die(pooled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _fast(monkeypatch)
    mine, others = pooled(), pooled()
    lock, other = mine.deploy_lock(TABLES), others.deploy_lock(TABLES)
    assert lock.try_take()
    mine.fetch("SELECT pg_sleep(2)")
    assert not other.try_take()
    lock.check()
    lock.release()
    assert other.try_take()
    other.release()


def test_one_that_is_not_renewed_is_lost_and_that_is_said(
    pooled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fast(monkeypatch)
    mine, others = pooled(), pooled()
    lock, other = mine.deploy_lock(TABLES), others.deploy_lock(TABLES)
    assert lock.try_take()
    _stop_renewing(lock)
    time.sleep(1.2)
    assert other.try_take()
    with pytest.raises(LockHeldError, match=r"the lease on .* was lost"):
        lock.check()
    lock.release()
    other.check()
    other.release()


def test_any_connections_tick_tells_of_the_loss(pooled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _fast(monkeypatch)
    mine, others = pooled(), pooled()
    lock = mine.deploy_lock(TABLES)
    assert lock.try_take()
    others.fetch("UPDATE alembic_safe.lease SET token = 'another'")
    wait_until(lambda: lock._heart.lost, 10)
    with pytest.raises(LockHeldError, match=r"the lease on .* was lost"):
        others.ping()
    lock.release()
    assert others.fetch("SELECT token FROM alembic_safe.lease") == [("another",)], "not ours to give"


def test_ticks_renew_it_where_the_thread_cannot_connect(pooled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _fast(monkeypatch)
    mine, others = pooled(), pooled()
    lock, other = mine.deploy_lock(TABLES), others.deploy_lock(TABLES)

    def refused() -> Any:
        raise psycopg.OperationalError("too many connections")

    lock._connect = refused
    assert lock.try_take()
    for _ in range(20):
        time.sleep(0.1)
        others.ping()
        assert not other.try_take()
    lock.release()


def test_a_closed_connections_lease_dies(pooled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _fast(monkeypatch)
    mine, others = pooled(), pooled()
    lock, other = mine.deploy_lock(TABLES), others.deploy_lock(TABLES)
    assert lock.try_take()
    mine.close()
    wait_until(other.try_take, 10)
    other.release()


def test_many_at_once_make_the_table_and_one_gets_it(pooled: Any) -> None:
    databases = [pooled() for _ in range(8)]
    won: list[Any] = []

    def run(database: Any) -> None:
        lock = database.deploy_lock(TABLES)
        if lock.try_take():
            won.append(lock)

    threads = [threading.Thread(target=run, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    won[0].release()


def test_nothing_of_ours_stays_on_the_poolers_sessions(pooled: Any, pg_database: Any) -> None:
    mine = pooled()
    lock = mine.deploy_lock(TABLES)
    assert lock.try_take()
    for _ in range(6):
        rows = mine.fetch(
            "SELECT name FROM pg_settings WHERE source = 'session' AND name IN ('lock_timeout', 'statement_timeout',"
            " 'default_transaction_read_only', 'synchronous_commit', 'search_path')"
        )
        assert rows == []
    assert mine.fetch("SELECT count(*) FROM pg_prepared_statements") == [(0,)]
    lock.release()
