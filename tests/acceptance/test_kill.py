"""SIGKILL at any moment: the database is at a revision, no session of ours is left, the next run finishes.

The form in CI kills at a few moments; `--sweep` at many.
"""

from __future__ import annotations

import os
import random
import signal
import time
from typing import Any

import pytest

from tests.support.processes import called, is_running, marked, wait_until
from tests.support.projects import Rev

pytestmark = pytest.mark.slow

_COUNT = 12


def _revisions() -> list[Rev]:
    """Each makes a table, works for a moment, and fills it: all or nothing must be seen of each."""
    return [
        Rev(
            f"r{n:02}",
            f"op.execute('create table t{n:02} (id int)')\nop.execute('select pg_sleep(0.06)')\n"
            f"op.execute('insert into t{n:02} values ({n})')",
            f"op.execute('drop table t{n:02}')",
        )
        for n in range(1, _COUNT + 1)
    ]


def _worker(project: Any) -> int | None:
    """The pid of the worker, which calls itself one."""
    return called(project, "alembic-worker")


def _ours(database: Any) -> list[Any]:
    """Sessions of a run on the database. `fetch` itself is not one."""
    return list(
        database.fetch(
            "select pid, application_name, state from pg_stat_activity"
            " where datname = current_database() and application_name like 'alembic-safe%'"
        )
    )


def _check_whole(database: Any) -> int:
    """The version row and the tables agree; how many revisions are applied."""
    exists = database.fetch("select to_regclass('alembic_version') is not null")[0][0]
    rows = database.fetch("select version_num from alembic_version") if exists else []
    applied = int(rows[0][0][1:]) if rows else 0
    tables = database.fetch("select tablename from pg_tables where tablename ~ '^t[0-9]{2}$' order by 1")
    assert [name for (name,) in tables] == [f"t{n:02}" for n in range(1, applied + 1)]
    for n in range(1, applied + 1):
        assert database.fetch(f"select id from t{n:02}") == [(n,)]
    return applied


def _kill_at(project: Any, database: Any, whom: str, after_applied: int, pause: float) -> bool:
    """Kill once `after_applied` revisions are there and `pause` seconds have passed; whether it came in time."""
    process = project.start("upgrade", "--no-backup=test")

    def progressed() -> bool:
        if process.poll() is not None:
            return True
        count = "select count(*) from pg_tables where tablename ~ '^t[0-9]{2}$'"
        return bool(database.fetch(count)[0][0] >= after_applied)

    wait_until(progressed, 60, "the run to get going")
    time.sleep(pause)
    in_time = process.poll() is None
    if whom == "supervisor":
        process.kill()
    elif (pid := _worker(project)) is not None:
        os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=30)
    wait_until(lambda: not _ours(database), 3.0, "no session of ours left after 3 s")
    return in_time and process.returncode != 0


@pytest.mark.parametrize("whom", ["supervisor", "worker"])
@pytest.mark.parametrize("seed", [1, 2, pytest.param(range(3, 28), marks=pytest.mark.sweep)])
def test_sigkill_leaves_a_revision_and_the_next_run_finishes(
    whom: str, seed: Any, make_pg_database: Any, make_project: Any
) -> None:
    for number in seed if isinstance(seed, range) else [seed]:
        chance = random.Random(number)
        database = make_pg_database()
        project = make_project(url=database.url(), revisions=_revisions())
        moment = chance.randrange(0, _COUNT - 2)
        killed = _kill_at(project, database, whom, moment, chance.random() * 0.15)
        applied = _check_whole(database)
        status = project.run("status", "--format", "json")
        if killed and applied < _COUNT:
            assert status.exit in {0, 5}, str(status)
        again = project.run("upgrade", "--no-backup=test").ok()
        assert _check_whole(database) == _COUNT
        if killed and whom == "supervisor" and moment:
            assert "ended without a word" in again.stderr, str(again)
        assert not [pid for pid in marked(project.mark) if is_running(pid)]


def test_a_killed_worker_is_named(pg_database: Any, make_project: Any) -> None:
    """The supervisor lives: it says what happened, where the target is, and ends with the documented status."""
    project = make_project(
        url=pg_database.url(),
        revisions=[
            Rev("a1", "op.execute('create table t01 (id int)')\nop.execute('insert into t01 values (1)')"),
            Rev("b2", "op.execute('create table t02 (id int)')\nop.execute('select pg_sleep(30)')"),
        ],
    )
    process = project.start("upgrade", "--no-backup=test", "--format", "json")
    running = "select count(*) from pg_stat_activity where query = 'select pg_sleep(30)' and pid <> pg_backend_pid()"
    wait_until(lambda: pg_database.fetch(running)[0][0], 60)
    worker = _worker(project)
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    out, _err = process.communicate(timeout=20)
    assert process.returncode == 5, out
    assert "SIGKILL" in out and "b2" in out and "is at a1" in out
    assert not _ours(pg_database)
    assert pg_database.fetch("select to_regclass('t02')") == [(None,)]


def test_kill_in_an_autocommit_block_is_dirty_and_said(pg_database: Any, make_project: Any) -> None:
    """What was committed on its own stays; status and the next upgrade say so, and neither guesses."""
    project = make_project(
        url=pg_database.url(),
        revisions=[
            Rev(
                "a1",
                "op.execute('create table t (id int)')\n"
                "with op.get_context().autocommit_block():\n"
                "    op.execute('insert into t values (1)')\n"
                "    op.execute('select pg_sleep(30)')",
            )
        ],
    )
    process = project.start("upgrade", "--no-backup=test")
    running = "select count(*) from pg_stat_activity where query = 'select pg_sleep(30)' and pid <> pg_backend_pid()"
    wait_until(lambda: pg_database.fetch(running)[0][0], 60)
    process.kill()
    process.communicate(timeout=20)
    wait_until(lambda: not _ours(pg_database), 3.0)
    status = project.run("status")
    assert status.exit == 6 and "a1" in status.stdout, str(status)
    refused = project.run("upgrade")
    assert refused.exit == 6 and "alembic-safe recover" in refused.stderr, str(refused)
    with pg_database.connect() as connection:
        connection.execute("drop table t")
    project.add(
        Rev("a1", "op.execute('create table t (id int)')", down=None)
    )  # the mended revision, in place of the old
    because = "--because=dropped the table by hand"
    project.run("recover", "--apply", "declare-repaired", because).ok()
    project.run("upgrade", "--no-backup=test").ok()
    project.run("status").ok()


def test_a_connection_that_the_server_ended_is_named(pg_database: Any, make_project: Any) -> None:
    """Not what SQLAlchemy says of the transaction that it cannot end any more; and nothing needs to be mended."""
    body = "op.execute('create table t01 (id int)')\nop.execute('select pg_sleep(30)')"
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", body)])
    process = project.start("upgrade", "--no-backup=test")
    end = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where query = 'select pg_sleep(30)' and pid <> pg_backend_pid()"
    )
    wait_until(lambda: pg_database.fetch(end), 60)
    _out, err = process.communicate(timeout=20)
    assert process.returncode == 5, err
    assert "terminating connection due to administrator command" in err and "PendingRollback" not in err
    assert "Run the same command again" in err and "mend" not in err
    assert pg_database.fetch("select to_regclass('t01')") == [(None,)]
