"""The guard at work on real servers: nobody waits longer than the budget, whatever the revision does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

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


@contextmanager
def idle_reader(database: Any, seconds: float, statement: str = "select count(*) from t") -> Iterator[None]:
    """A transaction that has read the table and does nothing, for a while."""
    connection = database.connect(application_name="reporting")
    connection.autocommit = False
    connection.execute(statement)
    timer = threading.Timer(seconds, connection.rollback)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def _project(make_project: Any, database: Any, body: str, driver: str | None = None) -> Any:
    with database.connect() as connection:
        connection.execute(_TABLE)
    template = "async" if driver == "asyncpg" else "generic"
    return make_project(template=template, url=database.url(driver), revisions=[Rev("a1", body)])


def _columns(database: Any) -> set[str]:
    rows = database.fetch("select column_name from information_schema.columns where table_name = 't'")
    return {name for (name,) in rows}


@pytest.mark.parametrize(
    ("body", "driver"),
    [
        (_ADD + "import time; time.sleep(30)", "psycopg"),
        (_ADD + "import time; time.sleep(30)", "asyncpg"),
        (_ADD + "op.execute('select pg_sleep(30)')", "psycopg2"),
        (
            _ADD + "for _ in range(100000):\n    op.execute('select pg_sleep(0.01)')",
            "psycopg",
        ),
        (
            _ADD
            + "bind = op.get_bind()\nfor _ in range(100):\n    try:\n        with bind.begin_nested():\n"
            + "            op.execute('select pg_sleep(30)')\n    except Exception:\n        pass",
            "psycopg2",
        ),
        (_ADD + "import re; re.match('(a+)+$', 'a' * 28 + 'b')", "psycopg"),
    ],
    ids=["sleep", "sleep-asyncpg", "statement", "loop", "swallowed", "holds-the-lock-of-the-interpreter"],
)
def test_a_revision_that_keeps_a_lock_is_cut_and_tried_once_more(
    body: str, driver: str, pg_database: Any, make_project: Any
) -> None:
    project = _project(make_project, pg_database, body, driver)
    with Load(pg_database) as load:
        done = project.run("upgrade", "--no-backup=test")
    assert done.exit == 10, str(done)
    assert load.longest < 1.6, str(done)
    assert load.errors == 0
    assert "tried 2 times" in done.stderr and "application web" in done.stderr and "pid " in done.stderr
    assert "extra" not in _columns(pg_database)
    shown = project.run("history", "--format", "json").ok().json()["runs"][0]
    assert shown["run"]["outcome"] == "failed"
    assert [(s["outcome"], s["attempts"]) for s in shown["steps"]] == [("rolled_back", 2)]
