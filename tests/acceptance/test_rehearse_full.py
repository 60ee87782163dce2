"""A rehearsal where the folder of its clones has no room: said as that, and no fault of the backup or ours."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from psycopg import sql

from alembic_safe.databases.postgresql.server import TemporaryServer
from alembic_safe.databases.postgresql.server.account import server_account
from tests.acceptance.test_rehearse import LONG, ORDERS
from tests.support.databases import MAJORS, TestDatabase
from tests.support.projects import Project, Rev

REVISIONS = [ORDERS, Rev("b2", "op.add_column('orders', sa.Column('seen', sa.Integer))")]
_PLACE = {"ALEMBIC_SAFE_SCRATCH": "auto"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A function that makes a disk of so many megabytes; a short path, as sockets stand there."""
    found: list[Path] = []

    def make(megabytes: int) -> Path:
        folder = Path(f"/tmp/small-{tmp_path.parent.name}-{megabytes}")
        folder.mkdir(mode=0o777)
        found.append(folder)
        options = f"size={megabytes}m,mode=1777"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
        if done.returncode:
            pytest.skip("no disk can be mounted here")
        return folder

    yield make
    for folder in found:
        subprocess.run(["umount", folder], capture_output=True)
        folder.rmdir()


def test_a_file_that_does_not_fit(make_project: Callable[..., Project], small: Callable[[int], Path]) -> None:
    project = make_project(revisions=REVISIONS)
    project.run_alembic("upgrade", "a1").ok()
    with closing(sqlite3.connect(project.database_file)) as database, database:
        database.execute("insert into orders values (1, printf('%.5000000c', 'x'))")
    project.run("backup", "create", timeout=LONG).ok()
    done = project.run("rehearse", env={**_PLACE, "TMPDIR": str(small(4))}, timeout=LONG)
    assert done.exit == 9, done
    assert "No space left on device" in done.stderr


@pytest.mark.slow
@pytest.mark.long  # the file that does not fit stands for it
@pytest.mark.skipif(MAJORS == (0,), reason="no PostgreSQL programs on this machine")
@pytest.mark.parametrize(
    ("megabytes", "said"),
    [(70, "no scratch server or file can be made"), (110, "there is no room for a clone")],
)
def test_a_server_that_does_not_fit(
    make_project: Callable[..., Project],
    pg_database: TestDatabase,
    small: Callable[[int], Path],
    megabytes: int,
    said: str,
) -> None:
    """Neither for itself, nor for what is loaded: which is not told as a backup that does not restore."""
    project = make_project(url=pg_database.url(), revisions=REVISIONS)
    project.run_alembic("upgrade", "a1", timeout=LONG).ok()
    pg_database.fetch("insert into orders select n, repeat('x', 1000) from generate_series(1, 60000) n")
    project.run("backup", "create", timeout=LONG).ok()
    done = project.run("rehearse", env={**_PLACE, "TMPDIR": str(small(megabytes))}, timeout=LONG)
    assert done.exit == 9, done
    assert said in done.stderr
    assert "No space left on device" in done.stderr
    if megabytes > 100:
        tried = project.run(
            "backup", "verify", "--restore", env={"TMPDIR": str(small(megabytes + 1))}, timeout=LONG
        )
        assert (tried.exit, "there is no room for backup" in tried.stderr) == (9, True), tried
        assert "does not restore" not in project.run("backup", "list", "--verbose").stdout


@pytest.mark.slow
@pytest.mark.long  # as above
@pytest.mark.skipif(MAJORS == (0,), reason="no PostgreSQL programs on this machine")
def test_a_named_server_that_has_no_room(
    make_project: Callable[..., Project], pg_database: TestDatabase, small: Callable[[int], Path]
) -> None:
    """It lives on, and it is the tool that says so."""
    project = make_project(url=pg_database.url(), revisions=REVISIONS)
    project.run_alembic("upgrade", "a1", timeout=LONG).ok()
    pg_database.fetch("insert into orders select n, repeat('x', 1000) from generate_series(1, 60000) n")
    project.run("backup", "create", timeout=LONG).ok()
    space = small(40) / "space"
    space.mkdir(mode=0o700)
    server_account().own(space)
    with TemporaryServer(pg_database.server.binaries) as other:
        other.execute(sql.SQL("create tablespace small location {}").format(str(space)))
        other.execute(sql.SQL("alter database template1 set tablespace small"))
        named = other.url("psycopg").replace("+psycopg", "")
        done = project.run("rehearse", env={"ALEMBIC_SAFE_SCRATCH": named}, timeout=LONG)
        assert (done.exit, "there is no room for a clone on PostgreSQL" in done.stderr) == (9, True), done
        assert "TMPDIR" not in done.stderr
