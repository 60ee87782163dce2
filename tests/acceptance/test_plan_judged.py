"""`plan` with locks, estimates and findings; `upgrade --dry-run`; a saved plan that is applied exactly or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.projects import Rev

NO_BACKUP = "--no-backup=test"
_FIRST = Rev(
    "a1",
    "op.create_table('orders', sa.Column('id', sa.BigInteger, primary_key=True), sa.Column('note', sa.Text))",
    "op.drop_table('orders')",
)
_COLUMN = Rev(
    "b2", "op.add_column('orders', sa.Column('paid', sa.Boolean))", "op.drop_column('orders', 'paid')"
)
_INDEX = Rev("c3", "op.create_index('orders_note', 'orders', ['note'])", "op.drop_index('orders_note')")


@pytest.fixture
def shop(make_project: Any, pg_database: Any) -> Any:
    """A project at a1 whose table has a few rows, with a column and an index pending."""
    project = make_project(url=pg_database.url(), revisions=[_FIRST])
    project.run("upgrade", NO_BACKUP).ok()
    pg_database.fetch("INSERT INTO orders SELECT g, 'x' FROM generate_series(1, 10) g")
    project.add(_COLUMN)
    project.add(_INDEX)
    return project


def _grow(database: Any) -> None:
    database.fetch("INSERT INTO orders SELECT g, repeat(md5(g::text), 30) FROM generate_series(11, 40000) g")


def _saved(shop: Any, *flags: str) -> Path:
    shop.run("plan", "--format", "json", "--output", "plan.json", *flags).ok()
    file: Path = shop.path / "plan.json"
    return file


def _refused(shop: Any, why: str) -> None:
    done = shop.run("upgrade", NO_BACKUP, "--plan", "plan.json", "--format", "json")
    assert done.exit == 3, str(done)
    error = done.json()["error"]
    assert error["message"].startswith("the saved plan no longer fits: ") and why in error["message"]


def test_plan_says_locks_estimates_and_verdict(shop: Any, pg_database: Any) -> None:
    _grow(pg_database)
    done = shop.run("plan", "--format", "json").ok().json()
    assert done["refused"] is True and done["exit"] == 0
    column, index = done["targets"][0]["judged"]
    assert (column["phase"], index["phase"]) == ("expand", "expand")
    assert [(lock["table"], lock["mode"]) for lock in column["locks"]] == [("orders", "ACCESS EXCLUSIVE")]
    assert [(lock["table"], lock["mode"]) for lock in index["locks"]] == [("orders", "SHARE")]
    assert column["seconds"] == 0 and index["seconds"] > 0.2
    assert index["locks"][0]["seconds"] == index["seconds"]
    assert [one["rule"] for one in done["findings"] if one["stops"]] == ["index-build-blocks-writes"]
    shown = shop.run("plan").ok().stdout
    assert "lock SHARE on orders for" in shown and "an upgrade would be refused" in shown
    comment = shop.run("plan", "--format", "markdown").ok().stdout
    assert comment.startswith("### alembic-safe plan: would be refused")
    assert "| `c3` | `orders` | SHARE |" in comment and "index-build-blocks-writes" in comment


def test_dry_run_ends_as_the_gate_says(shop: Any, pg_database: Any) -> None:
    passed = shop.run("upgrade", "--dry-run", "--format", "json").ok().json()
    assert passed["schema"] == "alembic-safe/plan" and passed["refused"] is False
    _grow(pg_database)
    refused = shop.run("upgrade", "--dry-run", "--format", "json")
    assert (refused.exit, refused.json()["exit"]) == (3, 3)
    allowed = ("--allow", "index-build-blocks-writes=at night")
    shop.run("upgrade", "--dry-run", *allowed).ok()
    assert pg_database.fetch("SELECT version_num FROM alembic_version") == [("a1",)]
    assert pg_database.fetch("SELECT count(*) FROM alembic_safe.run") == [(1,)]


def test_a_saved_plan_is_applied_with_what_it_allows(shop: Any, pg_database: Any) -> None:
    _grow(pg_database)
    _saved(shop, "--allow", "index-build-blocks-writes=at night")
    shop.run("upgrade", NO_BACKUP, "--plan", "plan.json").ok()
    assert pg_database.fetch("SELECT version_num FROM alembic_version") == [("c3",)]
    ((kept,),) = pg_database.fetch(
        "SELECT allowances::text FROM alembic_safe.run ORDER BY began DESC LIMIT 1"
    )
    assert "at night" in kept
    _refused(shop, "it is at c3 now and was at a1")


def test_refused_when_a_revision_file_changed(shop: Any) -> None:
    _saved(shop)
    file = shop.versions / "c3_revision.py"
    file.write_text(file.read_text().replace("orders_note", "orders_by_note"))
    _refused(shop, "the file of revision c3 has changed")


@pytest.mark.long
def test_refused_when_heads_or_pending_changed(shop: Any) -> None:
    _saved(shop)
    shop.add_revision("d4", upgrade="op.execute('select 1')")
    _refused(shop, "pending is now b2, c3, d4")
    (shop.versions / "d4_revision.py").unlink()
    shop.run("upgrade", "b2", NO_BACKUP).ok()
    _refused(shop, "it is at b2 now and was at a1")


def test_refused_when_sizes_that_decided_changed(shop: Any, pg_database: Any) -> None:
    _saved(shop)
    _grow(pg_database)
    _refused(shop, "index-build-blocks-writes in revision c3 is now of severity error and was a note")


def test_refused_on_another_server_version(shop: Any) -> None:
    file = _saved(shop)
    document = json.loads(file.read_text())
    document["targets"][0]["target"]["server_version"] = "15.1"
    file.write_text(json.dumps(document))
    _refused(shop, "and was 15.1")


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema": "alembic-safe/check", "version": 1}', '{"schema": 1}']
)
def test_what_is_no_plan_is_a_usage_error(shop: Any, text: str) -> None:
    (shop.path / "plan.json").write_text(text)
    done = shop.run("upgrade", NO_BACKUP, "--plan", "plan.json")
    assert done.exit == 2 and "is no saved plan" in done.stderr, str(done)


@pytest.mark.long
def test_check_live_judges_by_what_the_target_holds(shop: Any, pg_database: Any) -> None:
    """The same revision: an error by its text, a note on ten rows, an error on many; applied ones too."""
    text = shop.run("check", "c3", "--format", "json")
    assert text.exit == 3 and text.json()["server_version"] == 18
    small = shop.run("check", "c3", "--live", "--format", "json").ok().json()
    assert small["server_version"] == pg_database.major
    assert {one["severity"] for one in small["findings"]} == {"note"}
    _grow(pg_database)
    large = shop.run("check", "c3", "--live", "--format", "json")
    assert large.exit == 3, str(large)
    (found,) = [one for one in large.json()["findings"] if one["stops"]]
    assert found["rule"] == "index-build-blocks-writes" and found["seconds"] > 0.2
    shop.run("upgrade", NO_BACKUP, "--fail-on", "never").ok()
    applied = shop.run("check", "c3", "--live", "--format", "json")
    assert [one["rule"] for one in applied.json()["findings"] if one["stops"]] == [
        "index-build-blocks-writes"
    ]
    assert pg_database.fetch("SELECT count(*) FROM alembic_safe.run") == [(2,)]
