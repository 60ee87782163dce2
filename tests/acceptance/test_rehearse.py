"""`rehearse`: revisions on a clone, with what they were seen to do; by the installed command on real servers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import DEFAULT_DRIVER, MAJORS, TestDatabase
from tests.support.projects import Project, Rev

pytestmark = pytest.mark.skipif(MAJORS == (0,), reason="no PostgreSQL programs on this machine")

LONG = 240.0
ORDERS = Rev(
    "a1",
    "op.create_table('orders', sa.Column('id', sa.Integer, primary_key=True), sa.Column('note', sa.Text))",
    "op.drop_table('orders')",
)
# reads the database, so that it cannot be rendered; scans, rewrites, and loops over rows
WORK = Rev(
    "b2",
    """
    rows = op.get_bind().execute(sa.text("select count(*) from orders")).scalar_one()
    op.create_index('ix_note', 'orders', ['note'])
    if rows:
        op.alter_column('orders', 'id', type_=sa.BigInteger())
    op.add_column('orders', sa.Column('seen', sa.Integer))
    op.execute("update orders set seen = 1 where id <= 100")
    """,
    """
    op.drop_column('orders', 'seen')
    op.drop_index('ix_note')
    op.alter_column('orders', 'id', type_=sa.Integer())
    """,
)
# as what an application's own session does in a migration
BESIDE = Rev(
    "b2",
    """
    op.execute("insert into orders values (1, 'x')")
    with sa.create_engine(op.get_bind().engine.url, future=True).connect() as other:
        other.execute(sa.text("lock table notes in share mode"))
        other.execute(sa.text("insert into notes values (7)"))
        other.commit()
    with sa.create_engine(op.get_bind().engine.url.set(database='another'), future=True).connect() as other:
        other.execute(sa.text("create table notes (id int)"))
    op.execute("update orders set note = 'y'")
    """,
)


def _filled(project: Project, database: TestDatabase, rows: int = 20_000) -> None:
    project.run_alembic("upgrade", "a1", timeout=LONG).ok()
    database.fetch(f"insert into orders select n, 'note ' || n from generate_series(1, {rows}) n")
    database.fetch("analyze orders")


def _given(database: TestDatabase) -> dict[str, str]:
    """A server at hand, so that none has to be started."""
    return {"ALEMBIC_SAFE_SCRATCH": database.server.url("psycopg").replace("+psycopg", "")}


def test_a_backup_shows_locks_scans_rewrites_rows_and_the_way_back(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    project = make_project(url=pg_database.url(), revisions=[ORDERS, WORK])
    _filled(project, pg_database)
    project.run("backup", "create", timeout=LONG).ok()
    before = pg_database.fetch("select xact_commit from pg_stat_database where datname = current_database()")

    done = project.run("rehearse", "--round-trip", "--format", "json", env=_given(pg_database), timeout=LONG)
    document = done.json()
    assert before
    (target,) = document["targets"]
    (revision,) = target["revisions"]
    by_kind = {one["sql"].split("(")[0].strip(): one for one in revision["statements"]}
    index = by_kind["CREATE INDEX ix_note ON orders"]
    assert (index["scanned"], index["created"]) == (["orders"], ["ix_note"])
    assert "SHARE on orders" in index["locks"]
    assert index["pages"] >= 100, "the table's pages"
    rewrite = by_kind["ALTER TABLE orders ALTER COLUMN id TYPE BIGINT"]
    assert rewrite["rewritten"] == ["orders"]
    assert rewrite["wal"] > 500_000
    update = next(one for one in revision["statements"] if one["sql"].startswith("update"))
    assert update["changed"] == {"orders": 100}
    lock = next(one for one in revision["locks"] if one["mode"] == "ACCESS EXCLUSIVE")
    assert "SELECT" in lock["blocks"]
    assert revision["stall"] >= lock["seconds"] > 0
    assert revision["statements"][0]["source"]["line"] > 1
    rewriting = next(one for one in document["findings"] if one["rule"] == "column-type-rewrite")
    assert rewriting["seconds"] == lock["forecast"], "what was seen, and not what its size lets expect"

    (trip,) = document["round_trips"]
    assert (trip["fault"], trip["schema"], trip["again"], trip["lost"]) == (None, [], [], [])
    # that the backup restores is known from now on
    (listed,) = project.run("backup", "list", "--format", "json", env=_given(pg_database)).json()["backups"]
    assert listed["restored"]["faults"] == []
    assert listed["restored"]["rows"] == sum(table["rows"] for table in listed["manifest"]["tables"]) > 10
    assert listed["restored"]["recovery_time"] > 0
    assert listed["restored"]["where"].startswith("a rehearsal's clone (PostgreSQL")
    assert "restored" in project.run("status", env=_given(pg_database)).stdout
    # the target was only read, and no clone is left
    assert pg_database.fetch("select version_num from alembic_version") == [("a1",)]
    assert pg_database.fetch("select datname from pg_database where datname like 'alembic_safe%'") == []


def test_from_base_asks_no_database(make_project: Callable[..., Project], pg_database: TestDatabase) -> None:
    project = make_project(
        url=f"postgresql+{DEFAULT_DRIVER}://nowhere.invalid/none", revisions=[ORDERS, WORK]
    )
    given = _given(pg_database)
    document = project.run(
        "rehearse", "a1:b2", "--from", "base", "--format", "json", env=given, timeout=LONG
    ).json()
    (target,) = document["targets"]
    assert (target["heads_before"], target["heads_after"]) == (["a1"], ["b2"])
    (revision,) = target["revisions"]
    assert [one["traced"] for one in revision["statements"]] == [True] * len(revision["statements"])
    assert document["findings"], "what was there before b2 is judged"
    assert any("reads rows" in notice and "did not run there" in notice for notice in document["notices"])


def test_what_goes_over_a_connection_of_its_own_is_looked_into(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    notes = Rev("a1", f"{ORDERS.upgrade}\nop.create_table('notes', sa.Column('id', sa.Integer))")
    project = make_project(
        url=f"postgresql+{DEFAULT_DRIVER}://nowhere.invalid/none", revisions=[notes, BESIDE]
    )
    document = project.run(
        "rehearse", "a1:b2", "--from", "base", "--format", "json", env=_given(pg_database), timeout=LONG
    ).json()
    assert document["error"] is None
    (revision,) = document["targets"][0]["revisions"]
    seen = [
        (one["traced"], [lock for lock in one["locks"] if "pkey" not in lock], one["changed"])
        for one in revision["statements"]
    ]
    assert seen == [
        (True, ["ROW EXCLUSIVE on orders"], {"orders": 1}),
        (True, ["SHARE on notes"], {}),
        (True, [], {"notes": 1}),
        (False, [], {}),  # in another database, where numbers of tables mean others
        (True, [], {"orders": 1}),
    ]
    assert ("SHARE", "notes") in {(one["mode"], one["table"]) for one in revision["locks"]}


def test_from_base_a_project_of_files_is_one(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    """Nobody said whose history it is: its env.py does. What ran there is judged, and what did not come back told."""
    project = make_project(revisions=[ORDERS, Rev("b2", "op.drop_table('orders')")])
    done = project.run(
        "rehearse", "a1:b2", "--from", "base", "--round-trip", "--format", "json",
        env=_given(pg_database), timeout=LONG,
    )  # fmt: skip
    document = done.json()
    assert (done.exit, document["server"]) == (3, "an SQLite file"), done
    assert "table-dropped" in {one["rule"] for one in document["findings"]}
    assert [text.split(":")[0] for text in document["round_trips"][0]["schema"]] == ["table orders"]


def test_a_revision_that_fails_says_where(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    bad = Rev("b2", "op.execute('select 1')\nop.execute('alter table no_such_table add x int')")
    project = make_project(url=f"postgresql+{DEFAULT_DRIVER}://nowhere.invalid/none", revisions=[ORDERS, bad])
    given = _given(pg_database)
    done = project.run("rehearse", "--from", "base", "--format", "json", env=given, timeout=LONG)
    document: dict[str, Any] = done.json()
    assert done.exit == 5, done
    failed = document["targets"][0]["revisions"][-1]
    assert "no_such_table" in failed["fault"]
    assert failed["fault_at"]["line"] > 1
    assert "b2" in document["error"]["message"]


def test_sqlite_is_rehearsed_on_a_copy_of_the_file(make_project: Callable[..., Project]) -> None:
    batch = """
    with op.batch_alter_table('orders') as batch:
        batch.add_column(sa.Column('seen', sa.Integer))
    op.execute("update orders set note = 'gone'")
    """
    back = "with op.batch_alter_table('orders') as batch:\n    batch.drop_column('seen')"
    project = make_project(revisions=[ORDERS, Rev("b2", batch, back)])
    project.run_alembic("upgrade", "a1").ok()
    with closing(sqlite3.connect(project.database_file)) as database, database:
        database.execute("insert into orders values (1, 'kept')")
    before = project.database_file.read_bytes()
    done = project.run("rehearse", "--from", "schema", "--round-trip", "--format", "json", timeout=LONG)
    document = done.json()
    (revision,) = document["targets"][0]["revisions"]
    assert any("update orders" in one["sql"] for one in revision["statements"])
    (trip,) = document["round_trips"]
    assert (trip["fault"], trip["schema"]) == (None, []), trip
    assert [(lost["table"], lost["columns"]) for lost in trip["lost"]] == [("orders", ["note"])]
    assert project.database_file.read_bytes() == before


def test_the_way_back_of_branches_and_of_several_databases(make_project: Callable[..., Project]) -> None:
    """What ran is undone in reverse, and nothing else; a merge and a second database are no hindrance."""

    def table(name: str) -> tuple[str, str]:
        return f"op.create_table('{name}', sa.Column('id', sa.Integer))", f"op.drop_table('{name}')"

    project = make_project(
        template="multidb",
        revisions=[
            Rev("a1", *table("orders")),
            Rev("b1", *table("left_behind"), down="a1"),
            # on the second database the way back forgets what it made
            Rev("b2", table("parts")[0], {"engine1": table("parts")[1], "engine2": ""}, down="a1"),
            Rev("c3", down=("b1", "b2")),
        ],
    )
    project.run_alembic("upgrade", "b1").ok()
    project.run("backup", "create", timeout=LONG).ok()
    done = project.run("rehearse", "--round-trip", "--format", "json", timeout=LONG)
    assert done.exit == 3, done
    assert done.json()["source"].startswith("backups "), "the newest of each"
    one, two = done.json()["round_trips"]
    assert one["revisions"] == two["revisions"] == ["b2", "c3"], "b1 was there before"
    assert [Path(each["database"]).name for each in (one, two)] == ["one.db", "two.db"]
    assert (one["schema"], [text.split(":")[0] for text in two["schema"]]) == ([], ["table parts"])
    assert "table parts already exists" in two["fault"]


# two tables of one name; one gets another, search_path spells the other anew, and savepoints take back
RENAMED = Rev(
    "b2", "op.rename_table('orders', 'old_orders')\nop.execute('set search_path = archive, public')"
)
WORKED = Rev(
    "c3",
    """
    # alembic-safe: allow table-dropped because it comes back
    op.execute("update old_orders set note = 'x' where id < 10")
    try:
        with op.get_bind().begin_nested():
            op.execute("alter table old_orders add column seen int")
            op.execute("select 1 / 0")
    except sa.exc.DBAPIError:
        op.execute("select pg_sleep(0.3)")
    with op.get_bind().begin_nested() as inner:
        op.execute("drop table archive.orders")
        inner.rollback()
    op.execute("insert into archive.orders values (1)")
    op.execute("alter table old_orders alter column id type bigint")
    """,
)


def test_a_table_is_the_same_by_whatever_name_and_a_savepoint_takes_back(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    project = make_project(url=pg_database.url(), revisions=[ORDERS, RENAMED, WORKED])
    _filled(project, pg_database, 500)
    pg_database.fetch("create schema archive")
    pg_database.fetch("create table archive.orders as select id from orders")
    project.run("backup", "create", timeout=LONG).ok()
    done = project.run("rehearse", "--format", "json", env=_given(pg_database), timeout=LONG)
    (target,) = done.json()["targets"]
    _, worked = target["revisions"]
    strong = [one for one in worked["locks"] if "SELECT" in one["blocks"]]
    update, add, drop, insert, rewrite = (
        next(one for one in worked["statements"] if one["sql"].startswith(start))
        for start in (
            "update",
            "alter table old_orders add",
            "drop",
            "insert",
            "alter table old_orders alter",
        )
    )
    assert [(one["table"], one["statement"]) for one in strong] == [
        ("old_orders", add["ordinal"]), ("archive.orders", drop["ordinal"]), ("old_orders", rewrite["ordinal"])
    ], "what was given back was taken again"  # fmt: skip
    assert strong[0]["seconds"] < 0.3 <= worked["seconds"]
    assert (update["changed"], rewrite["rewritten"]) == ({"old_orders": 9}, ["old_orders"])
    assert (insert["scanned"], insert["changed"], insert["created"]) == ([], {"archive.orders": 1}, [])
    assert [one["name"] for one in target["tables"]] == ["orders", "archive.orders"], "by their first names"
    rules = {(one["rule"], one["line"]) for one in done.json()["findings"]}
    assert "statement-fails" not in {rule for rule, _ in rules}, "it did not"
    assert ("column-type-rewrite", rewrite["source"]["line"]) in rules


def test_what_only_the_clone_shows_passes_where_an_upgrade_would(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    """A function of the target's: nobody reads what it does, and the clone shows it."""
    project = make_project(
        url=pg_database.url(), revisions=[ORDERS, Rev("b2", "op.execute('select widen()')")]
    )
    _filled(project, pg_database, 10)
    pg_database.fetch(
        "create function widen() returns void language plpgsql as"
        " $$ begin alter table orders alter column id type bigint; end $$"
    )
    done = project.run(
        "rehearse", "--from", "schema", "--format", "json", env=_given(pg_database), timeout=LONG
    )
    document = done.json()
    (revision,) = document["targets"][0]["revisions"]
    assert [(one["what"], one["seen"]) for one in revision["differences"]] == [
        ("lock", "ACCESS EXCLUSIVE"), ("rewrite", "yes")
    ]  # fmt: skip
    assert (done.exit, document["refused"]) == (3, True), "as `plan` and `upgrade` say"
    assert [one["rule"] for one in document["findings"] if one["stops"]] == ["statement-not-understood"]


def test_what_cannot_be_run_on_the_clone_is_no_pass(make_project: Callable[..., Project]) -> None:
    project = make_project(revisions=[ORDERS, Rev("b2")])
    project.run_alembic("upgrade", "b2").ok()
    project.run("backup", "create", timeout=LONG).ok()
    unknown = project.run("rehearse", "zz", "--from", "base", "--dialect", "sqlite", timeout=LONG)
    assert (unknown.exit, "there is no revision zz" in unknown.stderr) == (2, True), unknown
    project.run_alembic("downgrade", "a1").ok()
    next(project.versions.glob("b2*")).unlink()
    newer = project.run("rehearse", timeout=LONG)
    assert (newer.exit, "the clone is at revision b2" in newer.stderr) == (8, True), newer


def test_a_budget_and_the_old_application_stop_it(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    """One command, whose every fault ends with 3: the running code reads a column that goes."""
    drop = Rev("b2", "op.execute('select pg_sleep(0.3)')\nop.drop_column('orders', 'note')")
    project = make_project(url=pg_database.url(), revisions=[ORDERS, drop])
    _filled(project, pg_database, 10)
    (project.script.parent / "old.sql").write_text(
        "insert into orders values (0, 'x'); select note from orders;"
    )
    done = project.run(
        "rehearse", "--from", "schema", "--fail-on", "never", "--max-time", "100ms", "--check-sql", "old.sql",
        "--check-command", "test -n \"$PGDATABASE\"", "--format", "json", env=_given(pg_database), timeout=LONG,
    )  # fmt: skip
    document = done.json()
    assert done.exit == 3, done
    (over,) = document["over"]
    assert "--max-time" in over
    assert [(one["after"], one["what"], one["good"]) for one in document["checks"]] == [
        ("", "old.sql", True),
        ("", 'test -n "$PGDATABASE"', True),
        ("b2", "old.sql", False),
        ("b2", 'test -n "$PGDATABASE"', True),
    ]
    (revision,) = document["targets"][0]["revisions"]
    did = [(one["scanned"], one["changed"]) for one in revision["statements"]]
    assert did == [([], {}), ([], {})], "what the checks read and wrote is not the revision's work"
    assert pg_database.fetch("select count(*) from orders") == [(10,)]


@pytest.mark.slow
def test_a_copy_is_not_taken_for_the_target(
    make_project: Callable[..., Project], make_pg_database: Callable[..., TestDatabase]
) -> None:
    """What a small copy shows in a moment is told for the rows that the target has, where it can be asked."""
    target, copy = make_pg_database(), make_pg_database()
    index = Rev("b2", "op.create_index('ix_note', 'orders', ['note'])", "op.drop_index('ix_note')")
    for database, rows in ((copy, 10_000), (target, 200_000)):
        project = make_project(url=database.url(), revisions=[ORDERS, index])
        _filled(project, database, rows)
    given = {**_given(target), "COPY": copy.server.url("psycopg", copy.name).replace("+psycopg", "")}
    document = project.run(
        "rehearse", "--from", "env:COPY", "--fail-on", "never", "--format", "json", env=given, timeout=LONG
    ).json()
    (statement,) = document["targets"][0]["revisions"][0]["statements"]
    # twenty times the rows; and what reading a page costs here, which a busy machine makes many times more, since the
    # target's table is of more than a quarter of its buffers
    assert 15 < statement["forecast"] / statement["seconds"] < 300


# goes by how large the server says that the table is, as batch loops do
BY_SIZE = Rev(
    "b2",
    """
    ask = lambda sql: op.get_bind().execute(sa.text(sql)).scalar_one()
    if ask("select reltuples from pg_class where relname = 'orders'") > 1000:
        known = ask("select count(*) from pg_stats where tablename = 'orders'")
        op.create_index(f'ix_{known}', 'orders', ['note'])
    """,
    "op.drop_index('ix_note')",
)


@pytest.mark.slow
def test_a_schema_comes_with_what_is_known_of_its_rows(
    make_project: Callable[..., Project], any_pg_database: TestDatabase
) -> None:
    """Row counts and sizes on every version, and from 18 on what the planner knows of columns."""
    project = make_project(url=any_pg_database.url(), revisions=[ORDERS, BY_SIZE])
    _filled(project, any_pg_database, 20_000)
    document = project.run(
        "rehearse", "--from", "schema", "--fail-on", "never", "--max-stall", "99", "--format", "json",
        env=_given(any_pg_database), timeout=LONG,
    ).json()  # fmt: skip
    (target,) = document["targets"]
    (revision,) = target["revisions"]
    index = revision["statements"][-1]
    # the clone has no rows, and the revision went by those of the target
    assert index["sql"].startswith(f"CREATE INDEX ix_{2 if any_pg_database.major >= 18 else 0} ")
    (table,) = target["tables"]
    assert (table["name"], table["clone"]["rows"], table["target"]["rows"]) == ("orders", 0, 20_000)
    assert table["target"]["bytes"] > 1_000_000 > table["clone"]["bytes"]
    assert index["forecast"] - index["seconds"] > 0.03, "a megabyte is read"
