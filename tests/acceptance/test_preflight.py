"""The installed command meets obstacles: what it says, how it ends, and that nothing was changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.processes import wait_until
from tests.support.projects import Rev

A1 = Rev("a1", "op.execute('create table t (id int)')")


def test_refusals_name_cure_and_way_around(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[A1])
    pg_database.fetch("CREATE PUBLICATION everything FOR ALL TABLES")
    forbidden = ("--not-between", "00:00-24:00")
    done = project.run("upgrade", "--no-backup=test", *forbidden, "--format", "json")
    assert done.exit == 3
    error = done.json()["error"]
    assert error["kind"] == "RefusedError"
    assert "nothing is applied between 00:00-24:00" in error["detail"]
    assert "publication everything publishes every table" in error["detail"]
    assert "--preflight forbidden-hours=warn --preflight published-journal=warn" in error["hint"]
    assert pg_database.fetch("SELECT count(*) FROM pg_namespace WHERE nspname = 'alembic_safe'") == [(0,)]
    levels = '["forbidden-hours=off", "published-journal=warn", "old-transaction=refuse"]'
    (project.path / "pyproject.toml").write_text(f"[tool.alembic-safe]\npreflight = {levels}\n")
    done = project.run("upgrade", "--no-backup=test", *forbidden, "--format", "json").ok()
    assert any(n.startswith("published-journal: publication everything") for n in done.json()["notices"])
    less = "forbidden-hours=off, published-journal=warn"
    said = f"checks before the run count for less than they would by themselves: {less}"
    assert done.json()["notices"].count(said) == 1
    (kept,) = pg_database.fetch("SELECT allowances::text FROM alembic_safe.run")
    assert f'["preflight", "{less}"]' in kept[0]
    # nothing is pending, and so nothing is forbidden; the journal would be published all the same
    project.run("upgrade", "--no-backup=test", *forbidden).ok()


def test_an_unknown_check_is_an_error_of_usage(make_project: Any) -> None:
    project = make_project(revisions=[A1])
    done = project.run("upgrade", "--preflight", "old-transactions=off", "--format", "json")
    assert done.exit == 2
    assert "no check 'old-transactions'" in done.json()["error"]["message"]


@pytest.mark.long
def test_a_database_that_comes_up_late_is_waited_for(
    durable_pg_database: Any, durable_pg: Any, make_project: Any
) -> None:
    project = make_project(url=durable_pg_database.url(), revisions=[A1])
    durable_pg.stop()
    try:
        assert project.run("upgrade", "--no-backup=test").exit == 9
        process = project.start("upgrade", "--no-backup=test", "--wait-for-database", "60s")
        wait_until(
            lambda: "waiting for the database" in (process.stderr.readline() if process.stderr else ""), 30
        )
    finally:
        durable_pg.start()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


def test_an_old_transaction_on_a_table_of_the_plan_is_named(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[A1])
    project.run("upgrade", "--no-backup=test").ok()
    project.add_revision("b2", upgrade="op.add_column('t', sa.Column('x', sa.Integer))")
    holder = pg_database.connect(application_name="nightly report")
    holder.execute("BEGIN")
    holder.execute("SELECT count(*) FROM t")
    done = project.run("upgrade", "--old-transaction", "0s", "--format", "json")
    assert done.exit == 3, done
    assert (
        "(nightly report), idle in transaction has held ACCESS SHARE on public.t"
        in done.json()["error"]["message"]
    )
    assert f"pg_terminate_backend({holder.info.backend_pid})" in done.json()["error"]["hint"]
    assert not list((project.path / ".alembic-safe").glob("backups/*")), "found before a backup is made"
    holder.execute("ROLLBACK")
    project.run("upgrade", "--no-backup=test", "--old-transaction", "0s").ok()
