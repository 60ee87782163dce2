"""SQLite files: what is read, what is never made, and who holds the lock."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest

from alembic_safe.errors import GaveUpError, LockHeldError, RefusedError, UnreachableError, UsageError
from alembic_safe.model.targets import VersionTable
from tests.support.processes import wait_until


def _fill(path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


def test_a_missing_file_is_an_empty_database_and_stays_missing(tmp_path, opened):
    path = tmp_path / "app.db"
    database = opened(path, read_only=True)

    assert database.read_heads(VersionTable()) is None
    assert database.version_tables() == {}
    assert database.facts.size == 0
    database.ping()
    assert list(tmp_path.iterdir()) == []
    _fill(path, "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('a')")
    assert database.read_heads(VersionTable()) == ("a",)


def test_facts_and_awkward_paths(tmp_path, opened):
    folder = tmp_path / "a b?#%20'é"
    folder.mkdir()
    path = folder / "app?mode=memory.db".replace("mode=", "m=")
    _fill(path, "CREATE TABLE t (x)")
    link = tmp_path / "link.db"
    link.symlink_to(path)

    facts = opened(path).facts
    assert (facts.dialect, facts.version, facts.database) == ("sqlite", sqlite3.sqlite_version, str(path))
    assert facts.size == path.stat().st_size > 0
    assert opened(link).facts.server == facts.server == str(path)


@pytest.mark.parametrize("name", ["", ":memory:", "file:x?mode=memory&cache=shared"])
def test_a_database_in_memory_is_refused(name, opened):
    with pytest.raises(UsageError, match="in memory") as caught:
        opened(name)
    assert "sqlite:///" in caught.value.hint


def test_version_tables_and_heads(tmp_path, opened):
    path = tmp_path / "app.db"
    _fill(
        path,
        """CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
           CREATE TABLE "my ""v" (version_num TEXT); INSERT INTO "my ""v" VALUES ('b'), ('a');
           CREATE TABLE two (version_num TEXT, x INT); CREATE VIEW w AS SELECT version_num FROM two""",
    )
    database = opened(path)

    assert database.version_tables() == {
        VersionTable("alembic_version"): (),
        VersionTable('my "v'): ("a", "b"),
    }
    assert database.read_heads(VersionTable("ALEMBIC_VERSION")) == ()
    assert database.read_heads(VersionTable("nope")) is None


def test_transactions_of_ours_survive_statements_without_parameters(tmp_path, opened):
    database = opened(tmp_path / "app.db")
    database.execute("CREATE TABLE t (x); CREATE TABLE u (x)")
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO t VALUES (1)")
    database.execute("INSERT INTO t VALUES (?)", [2])
    database.execute("ROLLBACK")

    assert database.fetch("SELECT count(*) FROM t") == [(0,)]


def test_the_change_counter_moves_with_anothers_commit_only(tmp_path, opened):
    path = tmp_path / "app.db"
    database = opened(path)
    database.execute("CREATE TABLE t (x)")
    before = database.change_counter()
    database.execute("INSERT INTO t VALUES (1)")
    assert database.change_counter() == before
    _fill(path, "INSERT INTO t VALUES (1)")
    assert database.change_counter() != before


def test_faults_are_ours(tmp_path, opened):
    junk = tmp_path / "junk.db"
    junk.write_bytes(b"no database at all" * 100)
    with pytest.raises(UnreachableError, match="not a database"):
        opened(junk)
    with pytest.raises(UnreachableError, match="unable to open"):
        opened(tmp_path / "no" / "folder.db")
    path = tmp_path / "app.db"
    _fill(path, "CREATE TABLE t (x)")
    with pytest.raises(RefusedError, match="readonly"):
        opened(path, read_only=True).execute("INSERT INTO t VALUES (1)")
    database = opened(path)
    database.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(GaveUpError, match="locked"):
            database.execute("INSERT INTO t VALUES (1)")
    database.close()
    with pytest.raises(UnreachableError, match="closed"):
        database.fetch("SELECT 1")


HOLD = """
import sys, time
from alembic_safe.databases import open_database
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.targets import ConnectParameters, VersionTable
parameters = ConnectParameters("sqlite", "pysqlite", {"database": sys.argv[1]})
database = open_database(parameters, policy=ControlPolicy())
lock = database.deploy_lock([VersionTable()])
assert lock.try_take()
print("taken", flush=True)
time.sleep(60)
"""


def test_one_process_at_a_time_and_a_kill_releases(tmp_path, opened):
    path = tmp_path / "app.db"
    lock = opened(path).deploy_lock([VersionTable()])
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "taken\n"
        assert not lock.try_take()
        assert lock.holder().startswith(f"pid {child.pid} ")
        assert "(alembic-safe/control) since " in lock.holder()
        child.send_signal(signal.SIGKILL)
        child.wait()
        wait_until(lambda: lock.holder() == "", 3)  # what the killed one wrote is not believed
        assert lock.try_take()
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()
    file = tmp_path / "app.db.alembic-safe-lock"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lock.check()
    lock.release()
    assert file.exists()
    assert lock.holder() == ""


def test_two_names_of_a_file_are_one_lock_and_two_connections_exclude_each_other(tmp_path, opened):
    path = tmp_path / "app.db"
    _fill(path, "CREATE TABLE t (x)")
    (tmp_path / "link.db").symlink_to(path)
    lock = opened(path).deploy_lock([VersionTable()])
    assert lock.try_take()
    assert lock.try_take()

    assert not opened(tmp_path / "link.db").deploy_lock([VersionTable("other")]).try_take()
    lock.release()
    lock.release()
    assert opened(tmp_path / "link.db").deploy_lock([]).try_take()


def test_a_lock_file_that_was_deleted_is_noticed(tmp_path, opened):
    lock = opened(tmp_path / "app.db").deploy_lock([VersionTable()])
    assert lock.try_take()
    (tmp_path / "app.db.alembic-safe-lock").unlink()

    with pytest.raises(LockHeldError, match="deleted or replaced"):
        lock.check()
