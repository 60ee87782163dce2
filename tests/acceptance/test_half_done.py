"""Concurrent statements that stop half way: what is said of them, and that going on ends them."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

from tests.support.processes import wait_until
from tests.support.projects import Rev

pytestmark = pytest.mark.slow

_TABLES = """
create table t (id int, name text); create index ix on t (name);
create table m (id int, year int) partition by list (year);
create table m_2024 partition of m for values in (2024)
"""
_GOES_ON = (
    "alter table m detach partition m_2024 concurrently",
    "ALTER TABLE public.m DETACH PARTITION public.m_2024 FINALIZE",
    "select count(*) from pg_inherits where inhdetachpending",
    "select count(*) from pg_inherits",
)
_DROPS = (
    "drop index concurrently ix",
    "DROP INDEX CONCURRENTLY public.ix",
    "select count(*) from pg_index where not indisvalid",
    "select count(*) from pg_class where relname = 'ix'",
)


@pytest.mark.parametrize(("statement", "ending", "half", "whole"), [_DROPS, _GOES_ON], ids=["drop", "detach"])
def test_what_stopped_half_way_is_named_and_going_on_ends_it(
    statement: str, ending: str, half: str, whole: str, pg_database: Any, make_project: Any
) -> None:
    with pg_database.connect() as connection:
        connection.execute(_TABLES)
    body = f"with op.get_context().autocommit_block():\n    op.execute({statement!r})"
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", body)])
    reader = pg_database.connect(application_name="reporting")
    reader.autocommit = False
    reader.execute("select (select count(*) from t), (select count(*) from m)")
    process = project.start("upgrade", "--no-backup=test", "--fail-on", "never", "--old-transaction", "1h")
    # it has committed its first part, and waits for the reader
    wait_until(lambda: pg_database.fetch(half) == [(1,)], 60)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _out, err = process.communicate(timeout=30)
    assert time.monotonic() - began < 10
    assert process.returncode == 6, err
    assert f"`{ending}`" in err and "see `alembic-safe recover`" in err
    assert pg_database.fetch(half) == [(1,)]
    reader.rollback()

    again = project.run("upgrade", "--no-backup=test", "--fail-on", "never")
    if statement.startswith(
        "drop"
    ):  # an index that is still there, INVALID or not, is dropped by a second DROP
        assert again.exit == 0, str(again)
    else:
        assert again.exit == 6, str(again)
        project.run("recover", "--apply", "resume", "--no-backup=test").ok()
    assert pg_database.fetch(whole) == [(0,)]
    project.run("status").ok()


def test_what_a_killed_build_left_is_out_of_the_way_of_the_next(pg_database: Any, make_project: Any) -> None:
    with pg_database.connect() as connection:
        connection.execute("create table t (id int, name text)")
    body = "with op.get_context().autocommit_block():\n    op.execute('create index concurrently ix on t (name)')"
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", body)])
    reader = pg_database.connect(application_name="reporting")
    reader.autocommit = False
    # a build waits for every snapshot that is older
    reader.execute("set transaction isolation level repeatable read")
    reader.execute("select count(*) from t")
    process = project.start("upgrade", "--no-backup=test", "--old-transaction", "1h")
    invalid = "select count(*) from pg_index where not indisvalid"
    wait_until(lambda: pg_database.fetch(invalid) == [(1,)], 60)
    process.kill()
    process.communicate(timeout=30)
    # or the server would go on with it, and it would be there
    pg_database.fetch(
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
        " where application_name like 'alembic-safe/2%' and datname = current_database()"
    )
    reader.rollback()
    again = project.run("upgrade", "--no-backup=test")
    assert again.exit == 0, str(again)
    assert pg_database.fetch(invalid) == [(0,)]
    assert pg_database.fetch("select indisvalid from pg_index where indexrelid = 'ix'::regclass") == [(True,)]
    project.run("status").ok()
