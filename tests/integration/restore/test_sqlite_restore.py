"""SQLite: the file is replaced by one rename, while nobody has it open; WAL included."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timezone

import pytest

from alembic_safe.backup.restore.proof import keep_proof
from alembic_safe.backup.stores import open_store
from alembic_safe.model.policies import BackupPolicy
from alembic_safe.model.restores import RestoreProof
from tests.support.projects import Rev

REVISIONS = [Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer))", "op.drop_table('t')")]


@pytest.fixture
def project(make_project):
    made = make_project(revisions=REVISIONS)
    made.run("upgrade").ok()
    return made


def _rows(path):
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM t ORDER BY id")]


def _run(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_the_file_is_the_backup_again(project, mode):
    path = project.database_file
    _run(path, f"PRAGMA journal_mode = {mode}", "INSERT INTO t VALUES (1), (2)")
    path.chmod(0o640)
    project.run("backup", "create").ok()
    _run(path, "INSERT INTO t VALUES (3)")

    done = project.run("backup", "restore", "--yes", "--format", "json")

    assert done.exit == 0, done.stderr
    assert _rows(path) == [1, 2]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)
    assert path.stat().st_mode & 0o777 == 0o640
    assert _rows(done.json()["kept"]) == [1, 2, 3]
    assert [p.name for p in path.parent.glob(".*restoring*")] == []
    assert "t has 3 rows, 2 in the backup" in done.json()["since"]
    assert project.run("status").exit == 0


@pytest.mark.long
def test_a_damaged_file_is_restored_all_the_same(project):
    """Damage is what a restore is for: what it leaves uncountable is said."""
    path = project.database_file
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50)"
    _run(path, f"CREATE TABLE large AS {numbers} SELECT hex(randomblob(900)) FROM n")
    project.run("backup", "create").ok()
    with closing(sqlite3.connect(path)) as connection:
        size, root = connection.execute(
            "SELECT page_size, rootpage FROM pragma_page_size, sqlite_master WHERE name = 'large'"
        ).fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)

    done = project.run("backup", "restore", "--yes", "--format", "json")

    assert done.exit == 0, done.stderr
    assert "large cannot be counted (50 rows in the backup)" in done.json()["since"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM large").fetchone() == (50,)


@pytest.mark.long
def test_a_file_that_is_open_is_left_alone(project):
    path = project.database_file
    project.run("backup", "create").ok()
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM t');"
    code += "print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        before = path.stat().st_ino
        done = project.run("backup", "restore", "--yes")
        child.communicate(b"\n")
    assert done.exit == 3
    assert f"pid {child.pid}" in done.stderr
    assert path.stat().st_ino == before


@pytest.mark.long
def test_nothing_is_asked_without_a_terminal(project):
    project.run("backup", "create").ok()
    done = project.run("backup", "restore")
    assert done.exit == 3
    assert "nothing is asked where there is no terminal" in done.stderr
    assert "takes the place of" in done.stderr


@pytest.mark.long
def test_beside(project, tmp_path):
    project.run("backup", "create").ok()
    _run(project.database_file, "INSERT INTO t VALUES (9)")
    beside = tmp_path / "other.db"
    project.run("backup", "restore", "--beside", str(beside)).ok()
    assert (_rows(beside), _rows(project.database_file)) == ([], [9])
    assert project.run("backup", "restore", "--beside", str(beside)).exit == 3


@pytest.mark.long
def test_what_a_killed_restore_left_is_removed(project):
    path = project.database_file
    project.run("backup", "create").ok()
    folder = path.with_name(f".{path.name}.restoring-20260101T000000Z")
    folder.mkdir()
    os.link(path, path.with_name(f"{path.name}.before-restore-20260101T000000Z"))
    project.run("backup", "restore", "--yes").ok()
    assert not folder.exists()
    assert len(list(path.parent.glob(f"{path.name}.before-restore-*"))) == 1


def test_a_backup_is_restored_to_see_whether_it_can_be(project):
    project.run("backup", "create").ok()
    done = project.run("backup", "verify", "--restore", "--format", "json")
    assert done.exit == 0, done.stderr
    (proof,) = done.json()["proofs"]
    assert proof["faults"] == []
    assert proof["recovery_time"] > 0
    assert f"{proof['backup']} in" in project.run("status").stdout
    assert "restored" in project.run("backup", "list").stdout
    told = project.run("history", "--format", "json").json()["proofs"]
    assert [(one["recovery_time"], one["age"]) for one in told] == [(proof["recovery_time"], proof["age"])]
    assert "usable after" in project.run("history").stdout


def test_a_backup_that_did_not_restore_is_passed_over(project):
    """What was tried and failed is no way back, as long as there is another."""
    path = project.database_file
    made = [project.run("backup", "create", "--format", "json").ok().json() for _ in range(2)]
    older, newer = (one["backups"][0]["manifest"]["id"] for one in made)
    store = open_store(BackupPolicy(directory=path.parent / ".alembic-safe/backups"))
    proof = RestoreProof(newer, datetime.now(timezone.utc), "a new file", 1.0, 1.0, {}, 1, 0, ("it is torn",))
    keep_proof(store, proof)
    done = project.run("backup", "restore", "--yes", "--format", "json")
    assert done.exit == 0, done.stderr
    assert done.json()["backup"] == older
    assert "did not restore when that was last tried: it is torn" in done.stderr
