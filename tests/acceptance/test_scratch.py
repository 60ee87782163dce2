"""Revisions that need a connection, read by running them on a scratch database: by the installed command."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.databases import MAJORS, TestDatabase
from tests.support.projects import Project, Rev

pytestmark = pytest.mark.skipif(MAJORS == (0,), reason="no PostgreSQL programs on this machine")

TABLE = Rev(
    "a1", "op.create_table('t', sa.Column('id', sa.Integer), sa.Column('x', sa.Text))", "op.drop_table('t')"
)
LONG = 180.0  # a server is started, on a machine that others use
# asks the database, so that it cannot be rendered
INDEX = Rev(
    "b2",
    """
    if op.get_bind().execute(sa.text("select count(*) from t")).scalar_one() < 100:
        op.create_index('ix', 't', ['x'])
    """,
    """
    if op.get_bind().execute(sa.text("select to_regclass('ix')")).scalar_one():
        op.drop_index('ix')
    """,
)


def rules(document: dict[str, Any], severity: str = "error") -> list[str]:
    return sorted({one["rule"] for one in document["findings"] if one["severity"] == severity})


def at_a1(project: Project) -> None:
    """The project's SQLite file as TABLE leaves it, with a row."""
    database = sqlite3.connect(project.database_file)
    database.executescript(
        "create table t (id integer, x text); insert into t values (7, 'x');"
        "create table alembic_version (version_num varchar(32) primary key);"
        "insert into alembic_version values ('a1')"
    )
    database.close()


def test_check_judges_what_ran_and_tells_its_time_apart(make_project: Callable[..., Project]) -> None:
    project = make_project(
        env=lambda text: "import os\nos.environ['NO_SUCH_URL']\n" + text, revisions=[TABLE, INDEX]
    )
    done = project.run("check", "b2", "--dialect", "postgresql", "--format", "json", timeout=LONG)
    document = done.json()
    assert done.exit == 3, done
    assert rules(document) == ["index-build-blocks-writes"]
    (run,) = document["scratch"]
    assert (run["read"], run["revisions"], run["faults"]) == (["b2"], 2, [])
    assert run["seconds"] > 0
    (revision,) = document["revisions"]
    assert revision["ran_on"] == run["server"]
    assert revision["statements"][-1]["source"]["line"] > 1
    assert any("without env.py" in notice for notice in document["notices"])


def test_upgrade_judges_on_a_scratch_and_downgrade_the_way_back(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    """The scratch is made on the very server of the target, which holds other databases too."""
    project = make_project(url=pg_database.url(), revisions=[TABLE, INDEX])
    project.run_alembic("upgrade", "a1", timeout=LONG).ok()
    given = {"ALEMBIC_SAFE_SCRATCH": pg_database.server.url("psycopg").replace("+psycopg", "")}
    # on the target the table holds nothing, so that the index may pass
    ran = project.run("upgrade", "--no-backup=test", "--format", "json", env=given, timeout=LONG)
    assert ran.exit == 0, ran
    assert ran.json()["durations"]["scratch"] > 0
    back = project.run(
        "downgrade", "a1", "--no-backup=test", "--format", "json", env=given, timeout=LONG
    ).json()
    assert "revision-not-inspectable" not in rules(back), back["findings"]
    assert any(one["rule"].startswith("index-drop") for one in back["findings"]), back


def test_sqlite_is_read_on_a_file_of_ours(make_project: Callable[..., Project]) -> None:
    project = make_project(revisions=[TABLE, INDEX])
    at_a1(project)
    before = project.database_file.read_bytes()
    planned = project.run("plan", "--format", "json").json()
    (listing,) = planned["targets"][0]["revisions"]
    assert listing["not_inspectable"] is None
    assert listing["ran_on"] == "an SQLite file"
    assert "CREATE INDEX ix ON t (x)" in [one["sql"] for one in listing["statements"]]
    assert project.database_file.read_bytes() == before


def test_a_server_that_is_given(make_project: Callable[..., Project], pg_database: TestDatabase) -> None:
    project = make_project(revisions=[TABLE, INDEX])
    url = pg_database.server.url("psycopg").replace("+psycopg", "")
    document = project.run(
        "check",
        "b2",
        "--dialect",
        "postgresql",
        "--scratch",
        "env:CI_URL",
        "--format",
        "json",
        env={"CI_URL": url},
    ).json()
    assert document["revisions"][0]["ran_on"].startswith(f"PostgreSQL {pg_database.major}")
    left = pg_database.fetch("select datname from pg_database where datname like 'alembic_safe%'")
    assert left == []


@pytest.mark.slow
def test_a_server_that_is_given_and_not_there(make_project: Callable[..., Project]) -> None:
    project = make_project(revisions=[TABLE, INDEX])
    refused = project.run(
        "check", "b2", "--dialect", "postgresql", "--scratch", "env:CI_URL", env={"CI_URL": "host=/nowhere"}
    )
    assert refused.exit == 9, refused


@pytest.mark.long
def test_an_extension_that_no_server_has_is_named_with_the_cure(make_project: Callable[..., Project]) -> None:
    first = Rev("a0", "op.execute('create extension no_such_extension')")
    project = make_project(revisions=[first, TABLE, INDEX])
    document = project.run("check", "b2", "--dialect", "postgresql", "--format", "json", timeout=LONG).json()
    (finding,) = [one for one in document["findings"] if one["rule"] == "revision-not-inspectable"]
    assert "since revision a0 fails there" in finding["message"]
    assert "the extension no_such_extension is installed on no server at hand here" in finding["message"]
    assert "--scratch env:NAME" in finding["message"]


@pytest.mark.long
def test_what_only_rows_lead_to_is_no_silence(make_project: Callable[..., Project]) -> None:
    """A scratch holds no rows: a loop over them issues nothing there, which must not read as safe."""
    rows = "rows = op.get_bind().execute(sa.text('select id from t'))\nfor row in rows:\n    "
    table = "t = sa.table('t', sa.column('id'))\n"
    project = make_project(
        revisions=[
            TABLE,
            Rev("b2", rows + "op.execute('drop table if exists t_%d' % row.id)"),
            Rev("c3", rows + "print(row)"),
            Rev("d4", rows + "op.execute('drop table if exists seldom')"),
            Rev("e5", table + rows + "op.execute(t.delete().where(t.c.id == row.id + 1))"),
            Rev("f6", "op.execute('select 1')"),
        ]
    )
    document = project.run("check", "--all", "--dialect", "sqlite", "--format", "json", timeout=LONG).json()
    unread = [one for one in document["findings"] if one["rule"] == "revision-not-inspectable"]
    assert [(one["revision"], one["severity"]) for one in unread] == [("b2", "warning")]
    assert f"what line {unread[0]['line']} would issue for them was not seen" in unread[0]["message"]
    (file,) = (project.script / "versions").glob("b2*.py")
    assert "t_%d" in file.read_text().splitlines()[unread[0]["line"] - 1]
    written = [one for one in document["findings"] if one["revision"] == "d4" and one["statement"] == 2]
    assert written and all("seldom" in one["objects"] for one in written if one["objects"]), document[
        "findings"
    ]
    assert not [one for one in document["findings"] if one["revision"] == "c3" and one["severity"] == "error"]
    assert any("revision d4 reads rows" in notice for notice in document["notices"])
    composed = next(one for one in document["revisions"] if one["revision"]["id"] == "e5")["statements"]
    assert [one["sql"] for one in composed] == ["select id from t", "DELETE FROM t WHERE t.id = ?"]
    assert any("revision e5 reads rows" in notice for notice in document["notices"])
    # where statements are about to run it stops, unless a person lets it pass by name
    at_a1(project)
    refused = project.run("upgrade", "b2", "--no-backup=test", "--format", "json", timeout=LONG).json()
    assert (refused["exit"], rules(refused)) == (3, ["revision-not-inspectable"])
    given = ("--allow", "revision-not-inspectable=read by two of us")
    project.run("upgrade", "b2", "--no-backup=test", *given, timeout=LONG).ok()
