"""Whose an INVALID index is: ours to drop and to answer for, or another run's that is just being built."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import psycopg
import pytest

from alembic_safe.apply.debris import Debris, clean_after
from alembic_safe.apply.section import _look_for_invalid
from alembic_safe.apply.tasks import TargetTask
from alembic_safe.databases import invalid_indexes
from alembic_safe.model.results import AppliedStep
from alembic_safe.model.revisions import Statement
from tests.support.processes import wait_until

OURS = "alembic-safe/20260101T000000Z-aaaaaa"
THEIRS = "alembic-safe/20260101T000000Z-bbbbbb"


@pytest.fixture
def tenants(pg_database: Any) -> Any:
    """Two schemas with the same table."""
    for schema in ("one", "two"):
        pg_database.fetch(f"CREATE SCHEMA {schema}")
        pg_database.fetch(f"CREATE TABLE {schema}.t AS SELECT 1 AS a FROM generate_series(1, 2)")
    return pg_database


def _build(database: Any, sql: str, **keywords: str) -> None:
    """Build, or fail to."""
    with database.server.connect(database.name, **keywords) as connection, suppress(psycopg.Error):
        connection.execute(sql)


def _debris(database: Any, sql: str) -> Debris:
    return Debris(database, Statement(1, sql, None, autocommit=True), lambda event: None, OURS)


@pytest.mark.parametrize("name", [THEIRS, ""], ids=["a run", "raw alembic"])
def test_an_index_that_another_run_builds_is_left_alone(tenants: Any, scene: Any, name: str) -> None:
    database = scene(tenants).database
    reader = tenants.connect()
    reader.autocommit = False
    reader.execute("UPDATE two.t SET a = a")
    build = threading.Thread(
        target=_build,
        args=(tenants, "CREATE INDEX CONCURRENTLY ix ON two.t (a)"),
        kwargs={"application_name": name},
    )
    build.start()
    try:
        wait_until(lambda: invalid_indexes(database, OURS), 10)
        _build(tenants, "CREATE UNIQUE INDEX CONCURRENTLY ix ON one.t (a)", application_name=OURS)
        # as a revision says it that relies on its search_path
        debris = _debris(database, "CREATE UNIQUE INDEX CONCURRENTLY ix ON t (a)")
        assert [index.name for index in debris.left()] == ["one.ix"]
        theirs = {index.name: (index.busy, index.theirs) for index in invalid_indexes(database, OURS)}
        assert theirs == {"one.ix": (False, False), "two.ix": (True, True)}
        # a session without a name is nobody's of ours
        assert any(index.busy for index in invalid_indexes(database, ""))
        assert any(index.busy for index in invalid_indexes(database, THEIRS)) == (not name), (
            "it is that run's own"
        )
        assert debris.clean()
    finally:
        reader.rollback()
        build.join(20)
    assert tenants.fetch("SELECT indisvalid FROM pg_index WHERE indexrelid = 'two.ix'::regclass") == [(True,)]
    assert invalid_indexes(database, OURS) == ()


def test_what_another_build_left_on_another_table_is_not_ours(tenants: Any, scene: Any) -> None:
    database = scene(tenants).database
    tenants.fetch("CREATE TABLE two.other AS SELECT 1 AS a FROM generate_series(1, 2)")
    _build(tenants, "CREATE UNIQUE INDEX CONCURRENTLY o ON two.other (a)")
    _build(tenants, "CREATE UNIQUE INDEX CONCURRENTLY ON one.t (a)")
    assert [i.name for i in _debris(database, "CREATE UNIQUE INDEX CONCURRENTLY ON one.t (a)").left()] == [
        "one.t_a_idx"
    ]


def test_the_target_whose_step_left_it_answers_for_it(tenants: Any, scene: Any) -> None:
    place = scene(tenants)
    _build(tenants, "CREATE UNIQUE INDEX CONCURRENTLY ix ON one.t (a)")
    (index,) = invalid_indexes(place.database, OURS)
    journal: Any = None  # nothing is written while it is looked
    first, second = (
        TargetTask(place.target, OURS, ("a1",), ("a1",), "upgrade", place.database, journal, {})
        for _ in range(2)
    )
    for task in (first, second):
        task.finished, task.applied = True, [AppliedStep("a1", "", "a1.py", "committed", 0.1, (), None)]
    _look_for_invalid([first, second], frozenset({index.oid}), OURS)
    assert first.finished and second.finished, "it was there before"

    first.left_invalid[index.oid] = "a1"
    _look_for_invalid([first, second], frozenset(), OURS)
    assert (first.finished, first.outcome) == (False, "partial")
    assert first.error is not None and first.error.startswith(
        "revision a1 ended well, but left INVALID: one.ix"
    )
    assert second.finished and second.error is None

    first.finished, first.left_invalid = False, {}
    _look_for_invalid([first, second], frozenset(), OURS)
    assert not second.finished, "nobody's step is known to have left it, and it must not pass unsaid"


def test_after_a_dead_run_only_what_its_build_was_to_be_called_is_dropped(tenants: Any, scene: Any) -> None:
    database = scene(tenants).database
    # by somebody else, on the same table, and nobody at work on it any more
    _build(tenants, "CREATE UNIQUE INDEX CONCURRENTLY other ON one.t (a)")
    _build(tenants, "CREATE UNIQUE INDEX CONCURRENTLY ix ON one.t (a)", application_name=OURS)
    build = "CREATE UNIQUE INDEX CONCURRENTLY ix ON t (a)"
    said: list[Any] = []
    assert clean_after(database, [build], said.append) == ()
    assert [index.name for index in invalid_indexes(database, "")] == ["one.other"]
    assert "one.ix" in said[0].message
    for schema in ("one", "two"):
        _build(tenants, f"CREATE UNIQUE INDEX CONCURRENTLY ix ON {schema}.t (a)")
    # whose is which cannot be told
    assert sorted(index.name for index in clean_after(database, [build], said.append)) == ["one.ix", "two.ix"]
    assert len(said) == 1
