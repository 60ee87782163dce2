"""The guard at work on real servers: nobody waits longer than the budget, whatever the revision does."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import psycopg
import pytest

from tests.support.processes import called, wait_until
from tests.support.projects import Rev

pytestmark = pytest.mark.slow

_TABLE = "create table t (id int primary key, name text); insert into t select g, 'x' from generate_series(1, 2000) g"
_ADD = "op.execute('alter table t add column extra int')\n"


class Load:
    """Short transactions on a table, one after the other; `longest` is the longest of them (s)."""

    def __init__(self, database: Any, statement: str = "update t set name = name where id = 7") -> None:
        self._database, self._statement = database, statement
        self.longest, self.count, self.errors = 0.0, 0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)

    def _run(self) -> None:
        with self._database.server.connect(self._database.name, application_name="web") as connection:
            while not self._stop.is_set():
                began = time.monotonic()
                try:
                    connection.execute(self._statement.encode())
                except psycopg.Error:
                    self.errors += 1
                self.longest = max(self.longest, time.monotonic() - began)
                self.count += 1
                time.sleep(0.01)


def _project(make_project: Any, database: Any, body: str, driver: str | None = None) -> Any:
    with database.connect() as connection:
        connection.execute(_TABLE)
    template = "async" if driver == "asyncpg" else "generic"
    return make_project(template=template, url=database.url(driver), revisions=[Rev("a1", body)])


def _upgrade(project: Any, *arguments: str) -> Any:
    """The gate would refuse most of these revisions beforehand."""
    return project.run("upgrade", "--no-backup=test", "--fail-on", "never", *arguments)


def _attempts(database: Any) -> int:
    """How often the revision was begun."""
    if database.fetch("select to_regclass('alembic_safe.step') is null")[0][0]:
        return 0
    return int(database.fetch("select coalesce(max(attempts), 0) from alembic_safe.step")[0][0])


def _columns(database: Any) -> set[str]:
    rows = database.fetch("select column_name from information_schema.columns where table_name = 't'")
    return {name for (name,) in rows}


@pytest.mark.parametrize(
    ("body", "driver"),
    [
        (_ADD + "import re; re.match('(a+)+$', 'a' * 28 + 'b')", "psycopg"),
        (_ADD + "import time; time.sleep(30)", "psycopg"),
        (_ADD + "import time; time.sleep(30)", "asyncpg"),
        (_ADD + "op.execute('select pg_sleep(30)')", "psycopg2"),
        (
            _ADD + "for _ in range(400):\n    op.execute('select pg_sleep(0.02)')",
            "psycopg",
        ),
        (
            _ADD
            + "bind = op.get_bind()\nfor _ in range(100):\n    try:\n        with bind.begin_nested():\n"
            + "            op.execute('select pg_sleep(30)')\n    except Exception:\n        pass",
            "psycopg2",
        ),
    ],
    ids=["holds-the-lock-of-the-interpreter", "sleep", "sleep-asyncpg", "statement", "loop", "swallowed"],
)
def test_a_revision_that_keeps_a_lock_is_cut_and_tried_once_more(
    body: str, driver: str, pg_database: Any, make_project: Any
) -> None:
    project = _project(make_project, pg_database, body, driver)
    with Load(pg_database) as load:
        done = _upgrade(project)
    assert done.exit == 10, str(done)
    assert load.longest < 1.6, str(done)
    assert load.errors == 0
    assert "tried 2 times" in done.stderr and "application web" in done.stderr and "pid " in done.stderr
    assert "extra" not in _columns(pg_database)
    shown = project.run("history", "--format", "json").ok().json()["runs"][0]
    assert shown["run"]["outcome"] == "failed"
    assert [(s["outcome"], s["attempts"]) for s in shown["steps"]] == [("rolled_back", 2)]


def test_a_reader_is_waited_for_briefly_and_often(pg_database: Any, make_project: Any) -> None:
    project = _project(make_project, pg_database, _ADD)
    reader = pg_database.connect(application_name="reporting")
    reader.autocommit = False
    pid = reader.execute("select pg_backend_pid(), count(*) from t").fetchone()[0]
    with Load(pg_database) as load:
        process = project.start("upgrade", "--no-backup=test", "--fail-on", "never")
        wait_until(lambda: _attempts(pg_database) > 2, 90)
        reader.rollback()
        _out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert load.longest < 1.0, "the load waits behind us for no longer than lock_timeout"
    assert "extra" in _columns(pg_database)
    notice = next(line for line in err.splitlines() if "trying again" in line)
    assert (
        f"in the way (AccessExclusiveLock on public.t): pid {pid}" in notice
        and "application reporting" in notice
    )
    shown = project.run("history", "--format", "json").ok().json()["runs"][0]
    assert [(s["outcome"], s["attempts"] > 2) for s in shown["steps"]] == [("committed", True)]


def test_the_blocker_is_named_when_it_stays(pg_database: Any, make_project: Any) -> None:
    project = _project(make_project, pg_database, _ADD)
    reader = pg_database.connect(application_name="reporting")
    reader.autocommit = False
    pid = reader.execute(
        "select pg_backend_pid(), count(*) from t where name <> 'secret of ours'"
    ).fetchone()[0]
    done = _upgrade(project, "--retry-deadline", "2s")
    assert done.exit == 10, str(done)
    for part in (
        f"pid {pid}",
        "user postgres",
        "application reporting",
        "idle in transaction",
        "from t where",
        "tried",
    ):
        assert part in done.stderr, part
    assert "secret of ours" not in done.stderr
    assert project.run("status").exit in {0, 5}


def test_nobody_waits_nobody_is_cut(pg_database: Any, make_project: Any) -> None:
    """A rewrite that takes longer than the budget, and a load on another table."""
    project = _project(make_project, pg_database, _ADD + "op.execute('select pg_sleep(4)')")
    pg_database.fetch("create table other as select 1 as id")
    with Load(pg_database, "update other set id = id") as load:
        done = _upgrade(project)
    assert done.exit == 0, str(done)
    assert load.count > 50 and load.longest < 1.0
    assert "cut" not in done.stderr


def test_a_lock_in_an_earlier_database_of_the_run_is_seen(make_pg_database: Any, make_project: Any) -> None:
    """The second database's revision locks a table of the first."""
    one, two = make_pg_database(), make_pg_database()
    with one.connect() as connection:
        connection.execute(_TABLE)
    locks = (
        f"import time\nother = sa.create_engine({one.url()!r}).connect()\n"
        "other.execute(sa.text('lock table t in access exclusive mode'))\ntime.sleep(30)"
    )
    project = make_project(
        template="multidb",
        url={"engine1": one.url(), "engine2": two.url()},
        revisions=[Rev("a1", {"engine1": "op.execute('create table u (id int)')", "engine2": locks})],
    )
    with Load(one) as load:
        done = _upgrade(project)
    # what a connection of the revision's own did, it may have committed
    assert done.exit == 6, str(done)
    assert load.longest < 1.6, str(done)
    assert "application web" in done.stdout
    assert (one.fetch("select version_num from alembic_version"), load.errors) == ([("a1",)], 0)


@pytest.mark.long
def test_maintenance_lifts_the_budget_and_is_journalled(pg_database: Any, make_project: Any) -> None:
    project = _project(make_project, pg_database, _ADD + "op.execute('select pg_sleep(2.5)')")
    with Load(pg_database) as load:
        done = _upgrade(project, "--maintenance=night of the move")
    assert done.exit == 0, str(done)
    assert load.longest > 2
    run = project.run("history", "--format", "json").ok().json()["runs"][0]["run"]
    assert ["maintenance", "night of the move"] in [list(pair) for pair in run["allowances"]]


def test_a_second_connection_of_the_migration_is_named_at_once(pg_database: Any, make_project: Any) -> None:
    body = (
        "import sqlalchemy\nengine = sqlalchemy.create_engine(op.get_bind().engine.url)\n"
        "other = engine.connect()\nother.execute(sa.text('select * from t')).all()\n" + _ADD
    )
    project = _project(make_project, pg_database, body)
    done = _upgrade(project)
    assert done.exit == 5, str(done)
    assert "another connection of the migration itself" in done.stderr
    assert done.seconds < 30 and "trying again" not in done.stderr


def test_the_loss_of_the_guard_stops_the_run(pg_database: Any, make_project: Any) -> None:
    project = _project(make_project, pg_database, _ADD + "op.execute('select pg_sleep(60)')")
    process = project.start("upgrade", "--no-backup=test", "--fail-on", "never")
    sleeping = "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and pid <> pg_backend_pid()"
    wait_until(lambda: pg_database.fetch(sleeping)[0][0], 60)
    guard = called(project, "alembic-guard")
    assert guard is not None
    os.kill(guard, signal.SIGKILL)
    _out, err = process.communicate(timeout=30)
    assert process.returncode == 5, err
    assert "the guard is lost" in err and "rolled back" in err
    assert "extra" not in _columns(pg_database)
    assert pg_database.fetch(sleeping) == [(0,)]


def test_without_its_supervisor_the_guard_ends_the_session_and_itself(
    pg_database: Any, make_project: Any
) -> None:
    project = _project(make_project, pg_database, _ADD + "op.execute('select pg_sleep(60)')")
    process = project.start("upgrade", "--no-backup=test", "--fail-on", "never")
    sleeping = "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and pid <> pg_backend_pid()"
    wait_until(lambda: pg_database.fetch(sleeping)[0][0], 60)
    assert called(project, "alembic-guard") is not None
    process.kill()
    process.communicate(timeout=30)
    wait_until(lambda: pg_database.fetch(sleeping) == [(0,)], 3)
    wait_until(lambda: called(project, "alembic-guard") is None, 3)


def test_what_a_revision_leaves_set_is_set_back_and_said(pg_database: Any, make_project: Any) -> None:
    project = make_project(
        url=pg_database.url(),
        revisions=[
            Rev("a1", "op.execute('create schema x')\nop.execute('set search_path = x, public')\n"
                "op.execute('set statement_timeout = 0')\nop.execute('create table x.one (id int)')"),
            Rev("b2", "op.execute('create table two (id int)')"),
        ],
    )  # fmt: skip
    done = _upgrade(project)
    assert done.exit == 0, str(done)
    assert "left search_path set to 'x, public'" in done.stderr
    assert pg_database.fetch("select to_regclass('public.two') is not null") == [(True,)]


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_how_long_statements_may_wait_goes_by_what_they_hold_up(
    driver: str, pg_database: Any, make_project: Any
) -> None:
    shown = "seen.append(op.get_bind().exec_driver_sql('show lock_timeout').scalar())\n"
    body = (
        "seen = []\n" + shown
        + "op.execute('update t set name = name where id = 1')\n" + shown
        + _ADD + shown
        + "op.execute('update t set name = name where id = 1')\n" + shown
        + "with op.get_context().autocommit_block():\n"
        + "    op.execute('create index concurrently ix on t (name)')\n    " + shown
        + "op.execute('alter table t add column more int')\n" + shown
        + "op.execute('set local lock_timeout = 1234')\nop.execute('alter table t add column most int')\n" + shown
        + "print(seen, flush=True)"
    )  # fmt: skip
    project = _project(make_project, pg_database, body, driver)
    done = _upgrade(project)
    assert done.exit == 0, str(done)
    assert "['500ms', '0', '500ms', '500ms', '0', '500ms', '1234ms']" in done.stderr
    assert "sets lock_timeout itself" in done.stderr


def _concurrent(make_project: Any, database: Any, body: str) -> Any:
    return _project(
        make_project, database, f"with op.get_context().autocommit_block():\n    op.execute({body!r})"
    )


def _invalid(database: Any) -> list[Any]:
    return list(database.fetch("select indexrelid::regclass::text from pg_index where not indisvalid"))


@pytest.mark.long
def test_what_a_failed_concurrent_build_leaves_is_dropped(pg_database: Any, make_project: Any) -> None:
    project = _concurrent(make_project, pg_database, "create unique index concurrently ix on t (name)")
    done = _upgrade(project)
    assert done.exit == 5, str(done)
    assert "rolled back" in done.stderr and "dropped what" in done.stderr
    assert _invalid(pg_database) == []
    project.run("status").ok()


def test_if_not_exists_does_not_hide_an_invalid_index(pg_database: Any, make_project: Any) -> None:
    project = _concurrent(make_project, pg_database, "create index concurrently if not exists ix on t (name)")
    with pytest.raises(psycopg.Error), pg_database.connect() as connection:
        connection.execute("create unique index concurrently ix on t (name)")
    assert _invalid(pg_database) == [("ix",)]
    done = _upgrade(project)
    assert done.exit == 5, str(done)
    assert "INVALID" in done.stderr and "DROP INDEX CONCURRENTLY public.ix" in done.stderr


def test_a_concurrent_build_that_loses_a_deadlock_is_run_again_by_itself(
    pg_database: Any, make_project: Any
) -> None:
    """The first statement of the block is committed, so the revision as a whole cannot be run again."""
    body = (
        "with op.get_context().autocommit_block():\n"
        "    op.execute('insert into t values (-1, null)')\n"
        "    op.execute(\"set deadlock_timeout = '3s'\")\n"
        "    op.execute('create index concurrently ix on t (name)')"
    )
    project = _project(make_project, pg_database, body)
    writer = pg_database.connect(application_name="writer")
    writer.execute("set deadlock_timeout = '5min'")  # so that it is never the one that loses
    writer.autocommit = False
    writer.execute("update t set name = name where id = 7")
    process = project.start("upgrade", "--no-backup=test", "--fail-on", "never")
    building = (
        "select pid from pg_stat_activity"
        " where query ilike 'create index concurrently%' and wait_event_type = 'Lock'"
    )
    wait_until(lambda: pg_database.fetch(building), 60)
    # returns when the build, which waits for this transaction, has lost
    writer.execute("lock table t in share update exclusive mode")
    # what it left cannot go before the writer does: the drop waits for it too
    wait_until(lambda: pg_database.fetch(building.replace("create index", "drop index")), 20)
    writer.rollback()
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "run again" in err and "writer" in err
    assert _invalid(pg_database) == []
    assert pg_database.fetch("select count(*) from t where id = -1") == [(1,)]


def test_an_index_that_a_revision_left_invalid_and_said_nothing_of_is_no_success(
    pg_database: Any, make_project: Any
) -> None:
    body = (
        "with op.get_context().autocommit_block():\n    try:\n"
        "        op.execute('create unique index concurrently ix on t (name)')\n    except Exception:\n        pass"
    )
    done = _upgrade(_project(make_project, pg_database, body))
    assert done.exit == 6, str(done)
    assert "revision a1 ended well" in done.stderr
    assert "DROP INDEX CONCURRENTLY public.ix" in done.stderr


@pytest.mark.long
def test_a_signal_while_waiting_to_try_again_ends_the_run(pg_database: Any, make_project: Any) -> None:
    project = _project(make_project, pg_database, _ADD)
    reader = pg_database.connect()
    reader.autocommit = False
    reader.execute("select count(*) from t")
    process = project.start("upgrade", "--no-backup=test", "--fail-on", "never")
    wait_until(lambda: _attempts(pg_database) > 2, 90)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _out, err = process.communicate(timeout=30)
    assert time.monotonic() - began < 10
    assert process.returncode == 5, err
    assert "interrupted by SIGTERM" in err and "at base" in err
