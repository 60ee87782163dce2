"""A restore that is killed at any moment leaves the target the old database or the new one, open to everybody.

`make kill-restores` kills a hundred; the ordinary suite a few.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import closing

import pytest

from tests.support.processes import kill_group, wait_until
from tests.support.projects import Rev

REVISIONS = [Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer))", "op.drop_table('t')")]
RESTORE = ("backup", "restore", "--yes", "--end-sessions")


def _databases(database):
    names = database.fetch(
        "SELECT datname FROM pg_database WHERE starts_with(datname, current_database() || '_')"
    )
    return sorted(name for (name,) in names)


def _gone(database):
    """Nothing of a killed command works on in the server."""
    return not database.fetch(
        "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'alembic-safe/%' OR application_name LIKE 'pg_%'"
    )


def _kill_restores(database, make_project, times: int) -> None:
    project = make_project(url=database.url(), revisions=REVISIONS)
    project.run("upgrade", "--no-backup=a test").ok()
    database.fetch("CREATE TABLE side AS SELECT 'backup' AS side")
    database.fetch("INSERT INTO t SELECT generate_series(1, 20000)")
    project.run("backup", "create").ok()
    began = time.monotonic()
    project.run(*RESTORE).ok()
    whole = time.monotonic() - began
    chance = random.Random(times)
    seen = set()
    try:
        for _ in range(times):
            database.fetch("UPDATE side SET side = 'live'")
            process = project.start(*RESTORE)
            time.sleep(chance.uniform(0.4, 1.0) * whole)
            kill_group(process)
            process.communicate()
            wait_until(lambda: _gone(database), 10)
            ((side,),) = database.fetch("SELECT side FROM side")
            seen.add(side)
            assert side in ("backup", "live")
            assert database.fetch("SELECT count(*) FROM t") == [(20000,)]
            assert project.run("status").exit in (0, 5)
        assert project.run(*RESTORE).exit == 0
        assert database.fetch("SELECT side FROM side") == [("backup",)]
        assert not [name for name in _databases(database) if "_restoring_" in name]
        assert project.run("backup", "verify").exit == 0
        assert project.run("upgrade", "--no-backup=a test").exit == 0
    finally:
        for name in _databases(database):
            database.server.drop_database(name)


@pytest.mark.long
@pytest.mark.timeout(400)  # a dozen commands one after the other
def test_a_restore_killed_now_and_then(pg_database, make_project):
    _kill_restores(pg_database, make_project, 2)


@pytest.mark.sweep
@pytest.mark.timeout(7200)
def test_a_restore_killed_a_hundred_times(pg_database, make_project):
    _kill_restores(pg_database, make_project, int(os.environ.get("KILLS", "100")))


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_restore_beside_that_was_killed_is_begun_anew_by_the_same_command(pg_database, make_project):
    project = make_project(url=pg_database.url(), revisions=REVISIONS)
    project.run("upgrade", "--no-backup=a test").ok()
    backup = project.run("backup", "create", "--format", "json").ok().json()["backups"][0]["manifest"]["id"]
    name = f"{pg_database.name}_repair"
    comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    again = ("backup", "restore", backup, "--beside", name)
    try:
        process = project.start(*again)
        wait_until(lambda: "restoring" in str(pg_database.fetch(comment, [name])), 60, "its mark")
        kill_group(process)
        process.communicate()
        wait_until(lambda: _gone(pg_database), 30)
        assert "restoring" in str(pg_database.fetch(comment, [name]))
        done = project.run(*again).ok()
        assert f"{name}, which a killed restore beside left, was dropped" in done.stderr
        assert "restored beside" in str(pg_database.fetch(comment, [name]))
        assert "there is a database" in project.run(*again).stderr
    finally:
        pg_database.server.drop_database(name)


@pytest.mark.long
def test_a_restore_of_a_file_killed_now_and_then(make_project):
    project = make_project(revisions=REVISIONS)
    project.run("upgrade", "--no-backup=a test").ok()
    path = project.database_file
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    project.run("backup", "create").ok()
    began = time.monotonic()
    project.run("backup", "restore", "--yes").ok()
    whole = time.monotonic() - began
    chance = random.Random(7)
    for _ in range(3):
        process = project.start("backup", "restore", "--yes")
        time.sleep(chance.uniform(0.5, 1.0) * whole)
        kill_group(process)
        process.communicate()
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT id FROM t").fetchall() == [(1,)]
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert project.run("backup", "restore", "--yes").exit == 0
    assert not list(path.parent.glob(".*restoring*"))
