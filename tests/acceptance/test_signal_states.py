"""SIGTERM in the states of an upgrade that are no statement of its own: the documented end, and in time.

In a statement, in Python and in the backup: `test_signals.py`; in half of a concurrent one: `test_half_done.py`; while
a standby is waited for: `test_replica_lag.py`.
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from alembic_safe.databases import open_database
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.targets import ConnectParameters, VersionTable
from tests.support.processes import wait_until
from tests.support.projects import Rev

pytestmark = pytest.mark.slow

_OURS = (
    "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    " and application_name like 'alembic-safe/%'"
)
_WAITS = f"{_OURS} and wait_event_type = 'Lock'"
_TRIED = "select coalesce(max(attempts), 0) > 1 from alembic_safe.step"
_HELD_UP = {
    # what the worker reads before it shows what is pending
    "version-table": "lock table alembic_version in access exclusive mode",
    # what a preflight check reads
    "preflight": "lock table pg_catalog.pg_publication in access exclusive mode",
    "retries": "select count(*) from t",
}


# it keeps its lock, and does not notice that its session was ended
_HEARS_NOTHING = """import time
while not op.get_context().as_sql:
    try:
        time.sleep(60)
    except BaseException:
        pass
"""


@contextmanager
def _in_the_way(database: Any, state: str) -> Iterator[None]:
    """Hold what the state waits for."""
    if state == "deploy-lock":
        held = open_database(
            ConnectParameters("postgresql", "psycopg", database.keywords), policy=ControlPolicy()
        )
        assert held.deploy_lock([VersionTable()]).try_take()
        try:
            yield
        finally:
            held.close()
        return
    if state == "cut":
        yield
        return
    with database.connect() as holder, holder.transaction():
        holder.execute(_HELD_UP[state])
        yield


def _reader_was_let_go(database: Any) -> bool:
    """Whether the application waited for the revision's lock, until the guard ended the session that held it."""
    if not database.fetch(f"{_OURS} and state = 'idle in transaction'")[0][0]:
        return False
    reader = threading.Thread(target=database.fetch, args=("select count(*) from t",))
    reader.start()
    reader.join(0.1)
    waited = reader.is_alive()
    reader.join(20)
    return waited


def _arrived(database: Any, state: str) -> bool:
    if state == "deploy-lock":
        return bool(database.fetch(_OURS)[0][0] > 1)
    if state == "cut":
        return _reader_was_let_go(database)
    if state == "retries":
        made = database.fetch("select to_regclass('alembic_safe.step') is not null")[0][0]
        return bool(made and database.fetch(_TRIED)[0][0])
    return bool(database.fetch(_WAITS)[0][0])


@pytest.mark.parametrize(
    ("state", "driver"),
    [
        ("version-table", None),
        ("preflight", None),
        ("retries", "psycopg2"),
        ("retries", "asyncpg"),
        ("retries", "psycopg"),
        ("deploy-lock", None),
        ("cut", "psycopg2"),
    ],
)
def test_it_ends_in_time_with_nothing_applied(
    state: str, driver: str | None, pg_database: Any, make_project: Any
) -> None:
    template = "async" if driver == "asyncpg" else "generic"
    body = "op.execute('alter table t add column extra int')\n" + (_HEARS_NOTHING if state == "cut" else "")
    revisions = [Rev("a1", body)]
    project = make_project(template=template, url=pg_database.url(driver), revisions=revisions)
    with pg_database.connect() as connection:
        connection.execute("create table t (id int); create table alembic_version (version_num varchar(32))")
    with _in_the_way(pg_database, state):
        process = project.start("upgrade", "--no-backup=test", "--fail-on", "never", "--wait", "5m")
        try:
            wait_until(lambda: _arrived(pg_database, state) or process.poll() is not None, 60)
        except AssertionError:
            process.kill()
            raise AssertionError(process.communicate()) from None
        time.sleep(0.0 if state == "cut" else 0.5)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _out, err = process.communicate(timeout=40)
        took = time.monotonic() - began
        # another's deploy lock is a session that stays; a backend of ours sees within a moment that it is left alone
        stays = 1 if state == "deploy-lock" else 0
        wait_until(lambda: pg_database.fetch(_OURS)[0][0] == stays, 3, "the run's sessions are gone")
    assert process.returncode == 5, err
    assert "interrupted by SIGTERM" in err
    assert took < 10, err
    assert pg_database.fetch("select count(*) from alembic_version") == [(0,)]


@pytest.mark.long
def test_it_ends_while_a_database_that_is_not_there_is_waited_for(make_project: Any) -> None:
    with socket.socket() as taken:  # nobody listens there, and nobody else can
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg2://app@127.0.0.1:{taken.getsockname()[1]}/app"
        project = make_project(url=url, revisions=[Rev("a1", "op.execute('select 1')")])
        process = project.start("upgrade", "--no-backup=test", "--wait-for-database", "5m")
        assert process.stderr is not None
        while "waiting for the database" not in (line := process.stderr.readline()):
            assert line, "it did not wait"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _out, err = process.communicate(timeout=40)
    assert process.returncode == 5, err
    assert "interrupted by SIGTERM before anything was applied" in err
    assert time.monotonic() - began < 10
