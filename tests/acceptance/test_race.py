"""Eight deployers at once on one target."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.projects import Rev

pytestmark = pytest.mark.slow

_REVISIONS = [
    Rev("a1", "op.execute('create table t (id int)')"),
    Rev("b2", "op.execute('insert into t values (1)')\nop.execute('select pg_sleep(0.5)')"),
    Rev(
        "c3",
        "with op.get_context().autocommit_block():\n    op.execute('create index concurrently ix on t (id)')",
    ),
    Rev("d4", "op.execute('insert into t values (2)')"),
]


@pytest.mark.parametrize("wait", [False, True], ids=["at once", "waiting"])
def test_exactly_one_of_eight_applies(wait: bool, pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=_REVISIONS)
    arguments = ["upgrade", "--no-backup=test", "--format", "json", *(["--wait", "2m"] if wait else [])]
    processes = [project.start(*arguments) for _ in range(8)]
    outputs = [process.communicate(timeout=150) for process in processes]
    exits = [process.returncode for process in processes]
    applied = [
        out for (out, _), code in zip(outputs, exits, strict=True) if code == 0 and '"outcome": "done"' in out
    ]
    assert len(applied) == 1, (exits, outputs)
    assert set(exits) <= ({0} if wait else {0, 4}), (exits, outputs)
    assert pg_database.fetch("select id from t order by id") == [(1,), (2,)]
    assert pg_database.fetch("select indisvalid from pg_index where indexrelid = 'ix'::regclass") == [(True,)]
    history = project.run("history", "--format", "json").ok().json()
    steps = [step["revision"] for run in history["runs"] for step in run["steps"]]
    assert sorted(steps) == ["a1", "b2", "c3", "d4"]
