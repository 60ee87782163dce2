"""Eight deployers at once on one target."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.pgbouncer import pgbouncer
from tests.support.processes import wait_until
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


@pytest.mark.long
@pytest.mark.parametrize("wait", [False, True], ids=["at once", "waiting"])
def test_exactly_one_of_eight_applies_through_a_pooler(
    wait: bool, pg_database: Any, make_project: Any
) -> None:
    """PgBouncer in transaction mode, where session locks exclude nobody: a lease row does."""
    revisions = [rev for rev in _REVISIONS if "concurrently" not in str(rev.upgrade)]
    revisions[-1] = Rev("d4", revisions[-1].upgrade, down="b2")
    with pgbouncer(pg_database.server) as pooler:
        project = make_project(url=pooler.url(pg_database.name), revisions=revisions)
        arguments = ["upgrade", "--no-backup=test", "--format", "json", *(["--wait", "2m"] if wait else [])]
        processes = [project.start(*arguments) for _ in range(8)]
        outputs = [process.communicate(timeout=150) for process in processes]
    exits = [process.returncode for process in processes]
    done = [code == 0 and '"outcome": "done"' in out for (out, _), code in zip(outputs, exits, strict=True)]
    assert sum(done) == 1, (exits, outputs)
    assert set(exits) <= ({0} if wait else {0, 4}), (exits, outputs)
    assert pg_database.fetch("select id from t order by id") == [(1,), (2,)]
    steps = pg_database.fetch("select revision, outcome from alembic_safe.step order by 1")
    assert steps == [("a1", "committed"), ("b2", "committed"), ("d4", "committed")]
    assert pg_database.fetch("select count(*) from alembic_safe.lease") == [(0,)]


@pytest.mark.long
def test_a_run_ends_when_its_lease_is_lost(pg_database: Any, make_project: Any) -> None:
    revisions = [_REVISIONS[0], Rev("b2", "op.execute('select pg_sleep(40)')")]
    with pgbouncer(pg_database.server) as pooler:
        project = make_project(url=pooler.url(pg_database.name), revisions=revisions)
        process = project.start("upgrade", "--no-backup=test", "--format", "json")
        sleeping = (
            "select count(*) from pg_stat_activity where query like '%pg_sleep(40)%' and state = 'active'"
        )
        wait_until(lambda: pg_database.fetch(sleeping + " and pid <> pg_backend_pid()") != [(0,)], 60)
        # as another deployer does that finds it dead
        pg_database.fetch("update alembic_safe.lease set token = 'another', beat = clock_timestamp()")
        out, said = process.communicate(timeout=30)
        assert process.returncode in {4, 5}, (process.returncode, out, said)
        assert "the lease on" in said
        assert pg_database.fetch("select version_num from alembic_version") == [("a1",)]
        assert pg_database.fetch("select holder is not null from alembic_safe.lease") == [(True,)], (
            "not ours to give"
        )


@pytest.mark.long
def test_what_commits_on_its_own_needs_a_direct_address(pg_database: Any, make_project: Any) -> None:
    with pgbouncer(pg_database.server) as pooler:
        project = make_project(url=pooler.url(pg_database.name), revisions=_REVISIONS[:1])
        project.run("upgrade", "--no-backup=test").ok()
        project.add_revision("c3", upgrade=_REVISIONS[2].upgrade)
        done = project.run("upgrade", "--no-backup=test", "--format", "json")
        assert done.exit == 3, done
        assert "a statement of the plan commits on its own" in done.json()["error"]["message"]
        assert "control-url" in done.json()["error"]["hint"]
        assert project.run("upgrade", "--format", "json").exit == 3, "no dump through a pooler"
        direct = {"DIRECT": pg_database.url()}
        done = project.run("upgrade", "--control-url", "env:DIRECT", "--format", "json", env=direct).ok()
        (step,) = done.json()["targets"][0]["steps"]
        assert [s["sql"].split()[0].lower() for s in step["statements"]] == ["create"], "and none of ours"
        assert "is not watched" in done.stderr and "sets lock_timeout itself" not in done.stderr
    assert pg_database.fetch("select indisvalid from pg_index where indexrelid = 'ix'::regclass") == [(True,)]
