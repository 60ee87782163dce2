"""Pods that must not start early: `status --at-heads`, `--require`, `--wait`."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.support.processes import wait_until
from tests.support.projects import Rev

A1 = Rev("a1", "op.execute('create table t (id int)')", "op.execute('drop table t')")
B2 = Rev("b2", "op.execute('create table u (id int)')", "op.execute('drop table u')")
COUNTED = "import pathlib\nwith pathlib.Path('runs').open('a') as f: f.write('x')\n"


@pytest.mark.long
def test_what_is_not_reached_ends_with_3(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[A1, B2])
    done = project.run("status", "--at-heads", "--format", "json")
    assert (done.exit, done.json()["exit"]) == (3, 3)
    assert done.json()["error"]["message"] == f"{pg_database.name} lacks revision b2"
    assert done.json()["targets"][0]["state"] == "at base"
    project.run("upgrade", "a1", "--no-backup=test").ok()
    project.run("status", "--require", "a1").ok()
    assert project.run("status", "--require", "a1", "--require", "b2").exit == 3
    done = project.run("status", "--require", "zz", "--format", "json")
    assert done.exit == 2
    assert done.json()["error"]["message"] == "--require: revision zz is not in this checkout"


def test_it_waits_without_executing_env_py_again(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[A1], env=lambda text: COUNTED + text)
    waiting = project.start("status", "--at-heads", "--wait", "60s")
    wait_until(lambda: (project.path / "runs").exists(), 30)
    time.sleep(3.0)
    assert (project.path / "runs").read_text() == "x", "polling must be cheap"
    assert waiting.poll() is None
    project.run_alembic("upgrade", "head").ok()
    out, err = waiting.communicate(timeout=30)
    assert waiting.returncode == 0, err
    assert "at heads" in out
    began = time.monotonic()
    project.add_revision("b2", upgrade="op.execute('create table u (id int)')")
    done = project.run("status", "--at-heads", "--wait", "2s")
    assert done.exit == 3
    assert "lacks revision b2 after waiting 2 s" in done.stderr
    assert time.monotonic() - began >= 2


@pytest.mark.long
def test_a_pod_of_the_code_before_may_start_on_a_newer_schema(pg_database: Any, make_project: Any) -> None:
    """A rollback of the application is not to end in pods that wait for ever."""
    newer = make_project(url=pg_database.url(), revisions=[A1, B2])
    older = make_project(url=pg_database.url(), revisions=[A1])
    newer.run("upgrade", "--no-backup=test").ok()
    assert older.run("status").exit == 8
    older.run("status", "--at-heads", "--require", "a1").ok()
    # what is not proven is not said: here raw alembic has been there
    pg_database.fetch("DROP SCHEMA alembic_safe CASCADE")
    assert older.run("status", "--at-heads").exit == 8


@pytest.mark.long
def test_sqlite(make_project: Any) -> None:
    project = make_project(revisions=[A1, B2])
    assert project.run("status", "--at-heads").exit == 3
    project.run("upgrade", "--no-backup=test").ok()
    project.run("status", "--at-heads").ok()
