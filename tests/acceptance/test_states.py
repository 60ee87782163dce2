"""States that no run of ours made, by the way they really arise: raw alembic, a hand, an older backup, another tool."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.support.processes import wait_until
from tests.support.projects import Rev
from tests.support.schema import schema_dump

_FIRST = Rev("a1", "op.execute('create table t (id int, a int)')")
_SECOND = Rev(
    "b2",
    "op.execute('create table u (id int)')\n"
    "with op.get_context().autocommit_block():\n"
    "    op.execute('create index concurrently ix_a on t (a)')\n"
    "    {middle}\n"
    "    op.execute('create index concurrently ix_u on u (id)')",
)


def _recover(project: Any, *arguments: str) -> Any:
    return project.run("recover", "--format", "json", *arguments, timeout=180)


def _state(project: Any) -> tuple[int, str, Any]:
    """What `recover` names, which `status` must name too."""
    done = _recover(project)
    document = done.json()
    assert document["diagnosis"], str(done)
    status = project.run("status", "--format", "json")
    assert status.exit == done.exit, f"{done}\n{status}"
    return done.exit, document["diagnosis"]["state"], document["recommended"]


def _raw(database: Any, sql: str) -> None:
    with database.connect() as connection:
        connection.execute(sql)


@pytest.mark.long
@pytest.mark.slow
def test_what_raw_alembic_left_half_done_is_finished(make_pg_database: Any, make_project: Any) -> None:
    """It failed in an autocommit block: the work stays, the version is old, and again it fails on what exists."""
    database, plain = make_pg_database(), make_pg_database()
    project = make_project(url=database.url(), revisions=[_FIRST])
    project.run("upgrade", "--no-backup=test").ok()
    bad = "assert not __import__('os').environ.get('BROKEN')"
    body = str(_SECOND.upgrade).format(middle=bad)
    project.add(Rev("b2", body, down="a1"))
    assert project.run_alembic("upgrade", "head", env={"BROKEN": "1"}).exit != 0
    assert project.run_alembic("upgrade", "head").exit != 0
    told = _recover(project)
    document = told.json()
    assert (told.exit, document["diagnosis"]["state"]) == (6, "half applied"), str(told)
    assert not document["diagnosis"]["certain"]
    standing = [(s["ordinal"], s["standing"]) for s in document["evidence"]["half"]["statements"]]
    assert standing == [(1, "in effect"), (2, "in effect"), (3, "not in effect")]
    assert document["recommended"] == "resume"
    assert project.run("status").exit == 6
    done = project.run(
        "recover",
        "--apply",
        "resume",
        "--no-backup=test",
        "--format",
        "json",
        timeout=180,
    )
    assert done.exit == 0 and done.json()["diagnosis"]["state"] == "at heads", str(done)
    other = make_project(url=plain.url(), revisions=[_FIRST, Rev("b2", body, down="a1")])
    other.run("upgrade", "--no-backup=test").ok()
    assert schema_dump(database) == schema_dump(plain)


@pytest.mark.long
@pytest.mark.slow
def test_raw_alembic_is_killed_and_the_server_works_on(make_pg_database: Any, make_project: Any) -> None:
    """SIGKILL while it waits for an index: its session builds it yet, and nobody may touch either."""
    database = make_pg_database()
    project = make_project(url=database.url(), revisions=[_FIRST])
    project.run("upgrade", "--no-backup=test").ok()
    project.add(Rev("b2", str(_SECOND.upgrade).format(middle="pass"), down="a1"))
    holder = database.connect()
    holder.autocommit = False
    holder.execute("lock table t in row exclusive mode")
    builds = "select pid from pg_stat_activity where query like 'create index concurrently ix_a%' and state = 'active'"
    raw = project.start_alembic("upgrade", "head")
    wait_until(lambda: database.fetch(builds), 60)
    raw.kill()
    raw.communicate(timeout=20)
    ((pid,),) = database.fetch(builds)
    told = _recover(project)
    document = told.json()
    assert (told.exit, document["diagnosis"]["state"]) == (6, "half applied"), str(told)
    assert any(f"session {pid}" in one and "statement 2" in one for one in document["diagnosis"]["sentences"])
    assert document["recommended"] is None
    refused = _recover(project, "--apply", "resume", "--no-backup=test")
    assert refused.exit == 3 and f"session {pid} is at work" in refused.json()["error"]["message"], str(
        refused
    )
    holder.rollback()
    holder.close()
    wait_until(lambda: not database.fetch(builds), 20)
    done = _recover(project, "--apply", "resume", "--no-backup=test")
    assert done.exit == 0 and done.json()["diagnosis"]["state"] == "at heads", str(done)
    assert database.fetch("select indisvalid from pg_index where indexrelid = 'ix_a'::regclass") == [(True,)]


@pytest.mark.slow
def test_rows_that_do_not_tell_the_truth(pg_database: Any, make_project: Any) -> None:
    """Lost, stamped ahead, set back with the schema and without it: the schema itself is asked, and proves the row."""
    second = Rev("b2", "op.execute('create table u (id int)')")
    project = make_project(url=pg_database.url(), revisions=[_FIRST, second])
    project.run("upgrade", "--no-backup=test").ok()
    _raw(pg_database, "update alembic_version set version_num = 'a1'")
    assert _state(project) == (6, "stamp lost", "stamp")
    assert _recover(project, "--apply", "stamp").exit == 0
    assert pg_database.fetch("select * from alembic_version") == [("b2",)]
    # stamped ahead: `status` does not replay the history, and `recover` does where something else moved the rows
    project.add(Rev("c3", "op.execute('create table v (id int)')", down="b2"))
    assert project.run_alembic("stamp", "head").exit == 0
    told = _recover(project)
    document = told.json()
    assert (told.exit, document["diagnosis"]["state"]) == (6, "stamped but never run"), str(told)
    assert document["recommended"] == "stamp" and document["diagnosis"]["certain"]
    done = _recover(project, "--apply", "stamp")
    assert done.exit == 0 and done.json()["diagnosis"]["state"] == "behind", str(done)
    project.run("upgrade", "--no-backup=test").ok()
    # an older database: nothing stands in the way, and it is said
    _raw(pg_database, "drop table v; update alembic_version set version_num = 'b2'")
    assert _state(project) == (0, "set back", None)
    project.run("upgrade", "--no-backup=test").ok()
    assert _state(project) == (0, "at heads", None)


_PARTED = (
    "create table p (id int) partition by range (id);"
    "create table p1 partition of p for values from (0) to (10);"
    "create table p2 partition of p for values from (10) to (20)"
)


@pytest.mark.long
@pytest.mark.slow
def test_a_detach_that_did_not_end_and_a_table_of_batch_mode(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[_FIRST])
    project.run("upgrade", "--no-backup=test").ok()
    for statement in _PARTED.split(";"):
        _raw(pg_database, statement)
    # DETACH CONCURRENTLY commits its first half, then waits for whoever reads the table
    reader = pg_database.connect()
    reader.execute("begin")
    reader.execute("select * from p")
    detaching = pg_database.connect()
    pid = detaching.execute("select pg_backend_pid()").fetchone()[0]
    detaching.pgconn.send_query(b"alter table p detach partition p1 concurrently")
    pending = "select count(*) from pg_inherits where inhdetachpending"
    wait_until(lambda: pg_database.fetch(pending)[0][0], 20)
    pg_database.fetch("select pg_terminate_backend(%s)", (pid,))
    reader.execute("rollback")
    assert _state(project) == (6, "unfinished detach", "clean-debris")
    assert _recover(project, "--apply", "clean-debris", "--no-backup=test").exit == 0
    assert pg_database.fetch("select inhrelid::regclass::text from pg_inherits") == [("p2",)]
    _raw(pg_database, "create table _alembic_tmp_t (id int, a int)")
    assert _state(project) == (6, "left-over table", "clean-debris")
    assert _recover(project, "--apply", "clean-debris", "--no-backup=test").exit == 0
    assert pg_database.fetch("select to_regclass('_alembic_tmp_t')") == [(None,)]


@pytest.mark.long
@pytest.mark.slow
def test_the_server_still_at_work_for_a_dead_run(pg_database: Any, make_project: Any) -> None:
    """A session that outlives its process, as one behind a proxy or a stopped machine does."""
    project = make_project(
        url=pg_database.url(), revisions=[_FIRST, Rev("b2", "op.execute('select pg_sleep(60)')")]
    )
    # a session of ours that asked this before may be on its way out still
    asleep = (
        "select pid from pg_stat_activity where query like '%pg_sleep(60)%' and query not like '%activity%'"
    )
    process = project.start("upgrade", "--no-backup=test")
    wait_until(lambda: pg_database.fetch(asleep), 60)
    (name,) = pg_database.fetch(f"select application_name from pg_stat_activity where pid = ({asleep})")[0]
    process.kill()
    process.communicate(timeout=20)
    wait_until(lambda: not pg_database.fetch(asleep), 10)
    orphan = pg_database.connect(application_name=name)
    orphan.pgconn.send_query(b"select pg_sleep(60)")
    wait_until(lambda: pg_database.fetch(asleep), 10)
    assert _state(project) == (6, "orphan session", "end-session")
    stamped = project.run("stamp", "b2", "--force=test")
    assert stamped.exit == 6 and "recover --apply end-session" in stamped.stderr, str(stamped)
    done = _recover(project, "--apply", "end-session", "--no-backup=test")
    assert done.exit in (0, 5), str(done)
    assert not pg_database.fetch(asleep)


@pytest.mark.long
@pytest.mark.slow
def test_a_file_that_is_gone_and_a_database_that_is_none(pg_database: Any, make_project: Any) -> None:
    """Where git has the file it is named; a scratch of ours is no target; what is known of a database that is down."""
    project = make_project(url=pg_database.url(), revisions=[_FIRST, Rev("b2", "op.execute('select 1')")])
    project.run("upgrade").ok()

    def git(*words: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        subprocess.run(["git", *who, *words], cwd=project.path, check=True, capture_output=True)

    git("init", "-q", ".")
    git("add", "migrations")
    git("commit", "-qm", "all")
    (project.versions / "b2_revision.py").unlink()
    told = _recover(project)
    document = told.json()
    assert (told.exit, document["diagnosis"]["state"]) == (8, "newer than the code"), str(told)
    (remedy,) = document["remedies"]
    keep, back = remedy["steps"]
    assert "nothing need be done" in keep and "(on " in keep
    assert "git show" in back and "the very text that was run" in back and "downgrade a1`" in back
    git("checkout", "--", "migrations")
    name = pg_database.name
    _raw(
        pg_database,
        f"comment on database {name} is 'alembic-safe: a scratch database of a command, dropped; x'",
    )
    assert _state(project) == (2, "stand-in", None)
    _raw(pg_database, f"comment on database {name} is null")
    ini = project.ini.read_text()
    project.ini.write_text(ini.replace(name, "nowhere"))
    down = project.run("status", "--format", "json")
    assert down.exit == 9 and "the newest backup of" in down.json()["notices"][0], str(down)
