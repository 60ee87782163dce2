"""`recover`, `stamp` and `identify` aimed at one of several targets, and what they say where none is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import Project, Rev

_TABLE = "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))"
_COLUMN = "op.add_column('t', sa.Column('name', sa.String(20)))"


def _made(file: Path, columns: str) -> sqlite3.Connection:
    database = sqlite3.connect(file)
    database.executescript(f"create table t ({columns})")
    return database


@pytest.mark.slow
def test_one_of_two_files_is_stamped_and_the_other_left_alone(make_project: Callable[..., Project]) -> None:
    project = make_project(template="multidb", revisions=[Rev("a1", _TABLE), Rev("b2", _COLUMN)])
    one, two = project.path / "one.db", project.path / "two.db"
    first = _made(one, "id integer not null, primary key (id)")
    second = _made(two, "id integer not null, name varchar(20), primary key (id)")
    rows = "select version_num from alembic_version"
    unsaid = project.run("recover", "--apply", "stamp")
    # both are explained, and the labels are there to be copied
    said = " ".join(unsaid.stdout.split())  # long paths break lines
    assert f"--apply stamp --target {one}" in said, unsaid
    assert unsaid.exit == 2 and said.count("never stamped") == 2, unsaid
    assert str(one) in unsaid.stderr and str(two) in unsaid.stderr, unsaid
    wrong = project.run("stamp", "b2", "--target", "onedb")
    assert (wrong.exit, wrong.stdout) == (2, ""), wrong
    assert "no target 'onedb'" in wrong.stderr and f"{one}, {two}" in wrong.stderr, wrong
    assert project.run("recover", "--apply", "stamp", "--target", two).exit == 0
    assert second.execute(rows).fetchall() == [("b2",)]
    assert not first.execute("select name from sqlite_master where name = 'alembic_version'").fetchall()
    # now there is one alone that needs it: it is taken, and named
    done = project.run("recover", "--apply", "stamp")
    assert done.exit == 0 and f"{one} alone needs a remedy" in done.stderr, done
    assert first.execute(rows).fetchall() == [("a1",)]
    for database in (first, second):
        database.close()
