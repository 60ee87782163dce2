"""SIGINT and SIGTERM: cancelled on the server, rolled back, journalled, within the ten seconds of a pod's end."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

from tests.support.processes import wait_until
from tests.support.projects import Rev

pytestmark = pytest.mark.slow

_SLEEPING = (
    "select count(*) from pg_stat_activity where query like '%%pg_sleep(60)%%' and state = 'active'"
    " and pid <> pg_backend_pid()"
)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_long_statement_is_cancelled_on_the_server(
    driver: str, number: signal.Signals, pg_database: Any, make_project: Any
) -> None:
    project = make_project(
        template="async" if driver == "asyncpg" else "generic",
        url=pg_database.url(driver),
        revisions=[
            Rev("a1", "op.execute('create table t (id int)')"),
            Rev("b2", "op.execute('create table u (id int)')\nop.execute('select pg_sleep(60)')"),
        ],
    )
    process = project.start("upgrade", "--no-backup=test")
    wait_until(lambda: pg_database.fetch(_SLEEPING)[0][0], 60)
    began = time.monotonic()
    process.send_signal(number)
    _out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 8
    assert process.returncode == 5, err
    assert number.name in err and "rolled back" in err and "is at a1" in err
    assert pg_database.fetch("select to_regclass('u')") == [(None,)]
    assert pg_database.fetch(_SLEEPING) == [(0,)]
    shown = project.run("history", "--format", "json").ok().json()
    assert shown["runs"][0]["run"]["outcome"] == "interrupted"
    assert [s["outcome"] for s in shown["runs"][0]["steps"]] == ["committed", "rolled_back"]


@pytest.mark.parametrize(
    "body",
    [
        "import time; time.sleep(60)",
        # a revision that swallows whatever it is sent
        "import time\nfor _ in range(600):\n    try:\n        time.sleep(0.1)\n    except BaseException:\n        pass",
    ],
    ids=["sleeping", "swallowing"],
)
def test_python_between_statements_is_ended_too(body: str, pg_database: Any, make_project: Any) -> None:
    project = make_project(
        url=pg_database.url(),
        revisions=[
            Rev("a1", "op.execute('create table t (id int)')\nprint('in the body', flush=True)\n" + body)
        ],
    )
    process = project.start("upgrade", "--no-backup=test", "--grace", "2s")
    idle = "select count(*) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()"
    wait_until(lambda: pg_database.fetch(idle)[0][0], 60)
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 9
    assert process.returncode == 5, err
    assert pg_database.fetch("select to_regclass('t')") == [(None,)]
    wait_until(lambda: pg_database.fetch(idle) == [(0,)], 3, "the run has left no session")
    project.run("status").ok()


def test_a_signal_during_the_backup_changes_nothing(pg_database: Any, make_project: Any) -> None:
    with pg_database.connect() as connection:
        connection.execute(
            "create table big as select g, repeat(md5(g::text), 20) from generate_series(1, 200000) g"
        )
    project = make_project(
        url=pg_database.url(), revisions=[Rev("a1", "op.execute('create table t (id int)')")]
    )
    process = project.start("upgrade")
    dumping = (
        "select count(*) from pg_stat_activity"
        " where application_name = 'alembic-safe/backup' and datname = current_database()"
    )
    wait_until(lambda: pg_database.fetch(dumping)[0][0], 60)
    process.send_signal(signal.SIGTERM)
    _out, err = process.communicate(timeout=20)
    assert process.returncode == 5, err
    assert "before anything was applied" in err
    assert pg_database.fetch("select to_regclass('t')") == [(None,)]
    assert project.run("backup", "list", "--format", "json").ok().json()["backups"] == []
