"""What is said, and what is left behind, when a revision fails on SQLite, which commits DDL as it goes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.faults import A1, B2, Scene, check_error, seed
from tests.support.projects import Rev
from tests.support.schema import schema_dump

pytestmark = pytest.mark.slow

_AT_B2 = "CREATE TABLE t (id integer PRIMARY KEY, name TEXT);\n"
_MADE = "op.execute('CREATE TABLE c (id int)')"


@pytest.mark.parametrize(
    ("body", "fault", "left"),
    [
        ("raise RuntimeError('boom')", "RuntimeError: boom", ""),
        (f"{_MADE}\nraise RuntimeError('boom')", "RuntimeError: boom", "CREATE TABLE c (id int);\n"),
        (f"{_MADE}\nop.execute('DROP TABLE nope')", "no such table: nope", "CREATE TABLE c (id int);\n"),
    ],
    ids=["Python, before anything", "Python, after DDL", "SQL, after DDL"],
)
def test_a_revision_that_fails(make_project: Any, body: str, fault: str, left: str) -> None:
    project = make_project(revisions=[A1, B2, Rev("c3", body)])
    seed(project.database_file)
    scene = Scene(project)
    done = project.run("upgrade", "--fail-on", "never", "--format", "json")
    what = "part of it is committed" if left else "it was rolled back"
    check_error(
        done,
        exit=6 if left else 5,
        message=rf"^revision c3 failed: .*{fault} \(\S+c3_revision\.py:\d+\); {what}, and \S+app\.db is at b2$",
        hint="`alembic-safe recover`" if left else "The target is clean",
    )
    assert schema_dump(project.database_file) == left + _AT_B2
    assert scene.versions() == ["b2"]
    if left:
        message = r"^revision c3 of run \S+ is not finished, and part of it is in the database$"
        scene.refused("upgrade", exit=6, message=message, hint="`alembic-safe recover`")
        assert project.run("status").exit == 6
