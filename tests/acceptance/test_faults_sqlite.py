"""What is said, and what is left behind, when a revision fails on SQLite, which commits DDL as it goes: nothing is."""

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
    ("body", "fault", "halfway"),
    [
        ("raise RuntimeError('boom')", "RuntimeError: boom", False),
        (f"{_MADE}\nraise RuntimeError('boom')", "RuntimeError: boom", True),
        (f"{_MADE}\nop.execute('DROP TABLE nope')", "no such table: nope", True),
    ],
    ids=["Python, before anything", "Python, after DDL", "SQL, after DDL"],
)
def test_a_revision_that_fails(make_project: Any, body: str, fault: str, halfway: bool) -> None:
    project = make_project(revisions=[A1, B2, Rev("c3", body)])
    seed(project.database_file)
    scene = Scene(project)
    before = schema_dump(project.database_file)
    done = project.run("upgrade", "--fail-on", "never", "--format", "json")
    what = r"the file is as it was before the run, from backup \S+$"
    if not halfway:
        what = r"it was rolled back, and \S+app\.db is at b2$"
    check_error(
        done,
        exit=5,
        message=rf"^revision c3 failed: .*{fault} \(\S+c3_revision\.py:\d+\); {what}",
        hint="Mend the revision" if halfway else "The target is clean",
    )
    assert schema_dump(project.database_file) == (before if halfway else _AT_B2)
    assert scene.versions() == ["a1" if halfway else "b2"]
    assert project.run("status").exit == 0
