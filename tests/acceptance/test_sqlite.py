"""The main job on SQLite: where the server's transactions cannot help, the file's own word is read."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from tests.support.processes import wait_until
from tests.support.projects import Rev

_FIRST = Rev(
    "a1", "op.create_table('t', sa.Column('id', sa.Integer))\nop.execute('insert into t values (1)')"
)


def test_backup_upgrade_and_way_back(make_project: Any) -> None:
    project = make_project(revisions=[_FIRST])
    project.run("upgrade").ok()
    project.add_revision("b2", upgrade="op.execute('delete from t')")
    allowed = ("--allow", "dml-without-where=the table is small")
    done = project.run("upgrade", *allowed, "--format", "json").ok().json()
    (manifest,) = done["backups"]
    copy = project.path / ".alembic-safe/backups" / manifest["id"] / "dump/database.sqlite3"
    assert f"backup restore {copy.parent.parent.name}" in done["targets"][0]["way_back"]
    with sqlite3.connect(copy) as connection:
        assert connection.execute("select id from t").fetchall() == [(1,)]
        assert connection.execute("select version_num from alembic_version").fetchall() == [("a1",)]
    connection.close()
    with sqlite3.connect(project.database_file) as connection:
        assert connection.execute("select id from t").fetchall() == []
    connection.close()


def test_failure_before_anything_is_clean_and_after_something_dirty(make_project: Any) -> None:
    project = make_project(revisions=[_FIRST, Rev("b2", "op.execute('select * from nowhere')")])
    clean = project.run("upgrade", "--fail-on", "never")
    assert clean.exit == 5, str(clean)
    assert "is at a1" in clean.stderr and "nowhere" in clean.stderr
    project.add(
        Rev("b2", "op.execute('create table u (id int)')\nop.execute('select * from nowhere')", down="a1")
    )
    dirty = project.run("upgrade", "--no-backup=test", "--fail-on", "never")
    assert dirty.exit == 6, str(dirty)
    assert "part of it is committed" in dirty.stderr
    assert project.run("status").exit == 6
    assert project.run("upgrade").exit == 6


@pytest.mark.long
def test_killed_between_and_within_statements(make_project: Any) -> None:
    """A kill before the first change is told apart from one after it."""
    pause = (
        "import time, pathlib\n"
        "if not op.get_context().as_sql:  # nor when it is only listed\n"
        "    pathlib.Path('there').touch()\n"
        "    time.sleep(60)"
    )
    project = make_project(revisions=[_FIRST, Rev("b2", pause + "\nop.execute('create table u (id int)')")])
    there = project.path / "there"
    # a revision that asks how it is run is judged by a scratch run, which would pause there too
    upgrade = ("upgrade", "--scratch", "off", "--fail-on", "never")
    process = project.start(*upgrade)
    wait_until(there.exists, 60)
    process.kill()
    process.communicate(timeout=10)
    status = project.run("status", "--format", "json")
    assert status.exit == 5, str(status)
    assert "nothing of revision b2 took effect" in status.json()["targets"][0]["facts"][0]
    there.unlink()
    project.add(Rev("b2", "op.execute('create table u (id int)')\n" + pause, down="a1"))
    process = project.start(*upgrade)
    wait_until(there.exists, 60)
    process.kill()
    _out, err = process.communicate(timeout=10)
    assert "ended without a word" in err
    status = project.run("status", "--format", "json")
    assert status.exit == 6, str(status)
    assert "more of it may be in effect than was journalled" in status.json()["targets"][0]["facts"]


_HALF = """
op.execute('create table u (id int)')
op.execute('insert into t values (2)')
{}
op.execute('select * from nowhere')
"""


def _content(project: Any) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(project.database_file)
    try:
        tables = connection.execute(
            "select name from sqlite_master where type = 'table' order by 1"
        ).fetchall()
        return [*tables, *connection.execute("select id from t order by 1").fetchall()]
    finally:
        connection.close()


def test_a_half_done_file_is_put_back_by_itself_unless_another_wrote(make_project: Any) -> None:
    """What fails half way leaves the file as it was; where somebody else wrote meanwhile, a person is asked."""
    project = make_project(revisions=[_FIRST])
    project.run("upgrade").ok()
    before = _content(project)
    project.add(Rev("b2", _HALF.format(""), down="a1"))
    failed = project.run("upgrade", "--fail-on", "never", "--format", "json")
    assert failed.exit == 5, str(failed)
    assert "was put back by itself" in " ".join(failed.json()["notices"])
    (target,) = failed.json()["targets"]
    assert (target["outcome"], target["heads_after"], target["pending"]) == ("failed", ["a1"], ["b2"])
    assert _content(project) == before
    assert project.run("status").exit == 0
    other = (
        "if not op.get_context().as_sql:\n"
        "    import sqlite3\n"
        "    bind = op.get_bind()\n"
        "    getattr(bind, 'commit', bind.connection.commit)()\n"  # SQLAlchemy 1.4 has it on the driver's alone
        f"    other = sqlite3.connect({str(project.database_file)!r})\n"
        "    other.execute('insert into t values (7)')\n"
        "    other.commit()\n"
        "    other.close()"
    )
    text = _HALF.format(other)
    project.add(Rev("b2", text, down="a1"))
    asked = project.run("upgrade", "--fail-on", "never", "--format", "json")
    assert asked.exit == 6, str(asked)
    assert "is not put back by itself" in " ".join(asked.json()["notices"])
    assert (7,) in _content(project)
    told = project.run("recover", "--format", "json").json()
    assert told["recommended"] == "restore", told
    done = project.run("recover", "--apply", "restore", "--yes", "--format", "json")
    assert done.exit == 0, str(done)
    assert _content(project) == before
