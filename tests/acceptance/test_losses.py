"""What a downgrade would lose is counted, and goes only when a person lets it go."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import pytest

from tests.support.projects import Rev

REVISIONS = [
    Rev(
        "a1",
        "op.create_table('t', sa.Column('id', sa.Integer), sa.Column('note', sa.Text))",
        "op.drop_table('t')",
    ),
    Rev("b2", "op.add_column('t', sa.Column('more', sa.Text))", "op.drop_column('t', 'more')"),
    Rev("c3", "op.create_table('empty', sa.Column('id', sa.Integer))", "op.drop_table('empty')"),
]


def test_rows_and_values_are_counted_and_must_be_let_go(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=REVISIONS)
    project.run("upgrade", "--no-backup=test").ok()
    pg_database.fetch(
        "INSERT INTO t SELECT n, 'x', CASE WHEN n > 7 THEN 'y' END FROM generate_series(1, 10) AS n"
    )
    done = project.run("downgrade", "base", "--no-backup=test", "--format", "json")
    assert done.exit == 3, done
    losses = [
        (loss["revision"], loss["table"], loss["column"], loss["number"]) for loss in done.json()["losses"]
    ]
    assert losses == [("b2", "t", "more", 3), ("a1", "t", "", 10)]
    assert "--allow-loss REASON" in done.json()["error"]["hint"]
    done = project.run("downgrade", "base", "--no-backup=test", "--fail-on", "never", "--format", "json")
    assert done.exit == 3, "an open gate is no word on data"
    assert done.json()["error"]["message"] == "the downgrade would lose 3 values of t.more; 10 rows of t"
    assert pg_database.fetch("SELECT count(*) FROM t") == [(10,)]
    let_go = ("--allow-loss", "the feature is withdrawn")
    done = project.run("downgrade", "base", "--no-backup=test", *let_go, "--format", "json").ok()
    allowances = project.run("history", "--format", "json").ok().json()["runs"][0]["run"]["allowances"]
    assert ["loss", "the feature is withdrawn"] in allowances
    assert "takes away 10 rows of t" in done.stdout


@pytest.mark.long
def test_what_holds_nothing_needs_no_word(make_project: Any) -> None:
    project = make_project(revisions=REVISIONS)
    project.run("upgrade", "--no-backup=test").ok()
    done = project.run(
        "downgrade", "b2", "--no-backup=test", "--allow-loss", "tidying", "--format", "json"
    ).ok()
    assert done.json()["losses"] == []


@pytest.mark.long
def test_values_that_a_copy_leaves_out_are_counted(make_project: Any) -> None:
    """SQLite, batch mode: no statement drops the column."""
    add = "with op.batch_alter_table('t') as t:\n    t.add_column(sa.Column('more', sa.Text))"
    drop = "with op.batch_alter_table('t', recreate='always') as t:\n    t.drop_column('more')"
    project = make_project(revisions=[REVISIONS[0], Rev("b2", add, drop)])
    project.run("upgrade", "--no-backup=test").ok()
    with contextlib.closing(sqlite3.connect(project.database_file)) as connection, connection:
        connection.executemany("INSERT INTO t VALUES (?, 'x', ?)", [(1, "y"), (2, "y"), (3, None)])
    done = project.run("downgrade", "a1", "--no-backup=test", "--format", "json")
    assert done.exit == 3, done
    found = [
        (loss["revision"], loss["table"], loss["column"], loss["number"]) for loss in done.json()["losses"]
    ]
    assert found == [("b2", "t", "more", 2)]
