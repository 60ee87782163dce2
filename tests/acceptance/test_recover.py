"""`recover` on states that arose by the way they really arise: a killed command, a failed statement, raw SQL."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.processes import wait_until
from tests.support.projects import Rev
from tests.support.schema import schema_dump

_ASLEEP = (
    "select count(*) from pg_stat_activity where query = 'select pg_sleep(30)' and pid <> pg_backend_pid()"
)
_MIXED = (
    "op.execute('create table t (id int, a int)')\n"
    "op.execute('alter table t add column b int')\n"
    "with op.get_context().autocommit_block():\n"
    "    op.execute('create index concurrently ix_a on t (a)')\n"
    "    {middle}\n"
    "    op.execute('create index concurrently ix_b on t (b)')\n"
    "op.execute('alter table t add constraint c check (a > 0) not valid')"
)


def _killed(project: Any, database: Any) -> None:
    """Run an upgrade and kill it while its revision sleeps."""
    process = project.start("upgrade")
    wait_until(lambda: database.fetch(_ASLEEP)[0][0], 60)
    process.kill()
    process.communicate(timeout=20)
    gone = "select count(*) from pg_stat_activity where application_name like 'alembic-safe/2%'"
    wait_until(lambda: not database.fetch(gone)[0][0], 5.0)


def _recover(project: Any, *arguments: str) -> Any:
    return project.run("recover", "--format", "json", *arguments)


def test_a_killed_revision_is_told_and_a_resume_that_fails_too(pg_database: Any, make_project: Any) -> None:
    middle = "op.execute('select pg_sleep(30)')"
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", _MIXED.format(middle=middle))])
    _killed(project, pg_database)
    told = _recover(project)
    assert told.exit == 6, str(told)
    document = told.json()
    assert document["diagnosis"]["state"] == "half applied" and document["diagnosis"]["certain"]
    standing = [(s["ordinal"], s["standing"]) for s in document["evidence"]["half"]["statements"]]
    assert standing == [(1, "in effect"), (2, "in effect"), (3, "in effect"), (4, "unknown")]
    assert document["recommended"] == "resume", str(told)
    assert project.run("status").exit == 6
    assert project.run("upgrade").exit == 6
    done = project.start("recover", "--apply", "resume", "--format", "json")
    wait_until(lambda: pg_database.fetch(_ASLEEP)[0][0], 60)
    pg_database.fetch(_ASLEEP.replace("count(*)", "pg_cancel_backend(pid)"))
    out, err = done.communicate(timeout=60)
    assert done.returncode == 6, out + err
    again = _recover(project)
    assert again.json()["recommended"] == "resume", str(again)


def test_rows_written_by_a_query_and_on_another_connection_are_not_forgotten(
    pg_database: Any, make_project: Any
) -> None:
    with pg_database.connect() as connection:
        connection.execute(
            "create table a (n int); insert into a values (0); create table b (n int); insert into b values (0);"
            "create function credit() returns void language sql as 'update b set n = n + 1'"
        )
    body = (
        "with op.get_bind().engine.begin() as own:\n"
        "    own.exec_driver_sql('update a set n = n + 1')\n"
        "op.execute('select credit()')\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('select pg_sleep(30)')"
    )
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", body)])
    process = project.start("upgrade", "--no-backup=test", "--fail-on", "never")
    wait_until(lambda: pg_database.fetch(_ASLEEP)[0][0], 60)
    process.kill()
    process.communicate(timeout=20)
    told = _recover(project)
    document = told.json()
    standing = [(s["ordinal"], s["standing"]) for s in document["evidence"]["half"]["statements"]]
    assert standing[:2] == [(1, "unknown"), (2, "in effect")], str(told)
    assert document["diagnosis"]["state"] == "half applied" and not document["diagnosis"]["certain"]
    assert project.run("upgrade", "--no-backup=test", "--fail-on", "never").exit == 6
    assert pg_database.fetch("select a.n, b.n from a, b") == [(1, 1)]


@pytest.mark.long
def test_a_failed_statement_is_mended_and_the_revision_resumed(
    make_pg_database: Any, make_project: Any
) -> None:
    """A unique index on rows that are not: they are mended, what stands is left out, and the end is the usual one."""
    body = (
        "op.execute('create table u (id int)')\n"
        "op.execute('create table t (id int, a int)')\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('create index concurrently ix_id on u (id)')\n"
        "    op.execute('create unique index concurrently ix_a on old (a)')\n"
        "op.execute('alter table t add constraint c check (a > 0) not valid')"
    )
    first = Rev("a1", "op.execute('create table old (a int)')\nop.execute('insert into old values (1)')")
    database, plain = make_pg_database(), make_pg_database()
    project = make_project(url=database.url(), revisions=[first])
    project.run("upgrade").ok()
    database.fetch("insert into old values (1) returning 1")
    project.add(Rev("b2", body, down="a1"))
    failed = project.run("upgrade", "--allow", "unique-on-existing-rows=test")
    assert failed.exit == 6 and "recover" in failed.stderr, str(failed)
    told = _recover(project)
    document = told.json()
    assert document["diagnosis"]["state"] == "half applied", str(told)
    assert document["recommended"] == "resume", str(told)
    names = {r["name"] for r in document["remedies"] if not r["hindered"]}
    assert names >= {"resume", "roll-back", "restore", "declare-repaired"}, str(told)
    # not mended yet: it fails again, and the state is told as before
    still = _recover(project, "--apply", "resume")
    assert still.exit == 6, str(still)
    assert _recover(project).json()["recommended"] == "resume"
    database.fetch("delete from old where ctid = (select max(ctid) from old) returning 1")
    done = _recover(project, "--apply", "resume")
    assert done.exit == 0, str(done)
    assert done.json()["diagnosis"]["state"] == "at heads"
    other = make_project(url=plain.url(), revisions=[first, Rev("b2", body, down="a1")])
    other.run("upgrade", "--no-backup=test").ok()
    assert schema_dump(database) == schema_dump(plain)
    assert project.run("upgrade").ok()


@pytest.mark.long
def test_what_fails_over_a_half_applied_target_hides_nothing(pg_database: Any, make_project: Any) -> None:
    """A stamp that fails, and a roll-back that a signal stops while it waits."""
    body = (
        "op.execute('create table t (id int)')\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('create index concurrently ix on t (id)')\n"
        "    op.execute('select 1/0')"
    )
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", "pass"), Rev("b2", body)])
    assert project.run("upgrade", "--no-backup=test").exit == 6
    with pg_database.connect() as connection:
        connection.execute(
            "create function no() returns trigger language plpgsql as 'begin raise exception $$no$$; end';"
            "create trigger no before delete on alembic_version for each row execute function no()"
        )
        assert project.run("stamp", "b2", "--force=mended").exit not in (0, 6)
        assert project.run("status").exit == 6
        connection.execute("drop function no cascade")
    reader = pg_database.connect(application_name="reporting")
    reader.autocommit = False
    reader.execute("select * from t")
    process = project.start("recover", "--apply", "roll-back", "--no-backup=test")
    waits = "select count(*) from pg_stat_activity where query like 'DROP INDEX CONC%' and wait_event_type = 'Lock'"
    wait_until(lambda: pg_database.fetch(waits)[0][0], 60)
    process.terminate()
    _out, err = process.communicate(timeout=20)
    assert process.returncode == 6 and "interrupted by SIGTERM" in err and "Nothing was changed" not in err, (
        err
    )
    reader.rollback()
    project.run("recover", "--apply", "roll-back", "--no-backup=test").ok()
    assert pg_database.fetch("select to_regclass('t') is null") == [(True,)]


_TENANTS = """
from alembic import context
from sqlalchemy import create_engine, text
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    for tenant in ("ta", "tb"):
        connection.execute(text(f"set search_path to {tenant}"))
        connection.commit()
        connection.dialect.default_schema_name = tenant
        context.configure(connection=connection, version_table_schema=tenant)
        with context.begin_transaction():
            context.run_migrations()
"""


def test_finishing_a_tenant_makes_no_other_half_applied(pg_database: Any, make_project: Any) -> None:
    with pg_database.connect() as connection:
        connection.execute("create schema ta; create schema tb; create table tb.taken ()")
    body = (
        "op.execute('create table kept (id int)')\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('create index concurrently ix on kept (id)')\n"
        "    op.execute('create table taken (id int)')"
    )
    project = make_project(url=pg_database.url(), env=_TENANTS, revisions=[Rev("b2", body)])
    arguments = ("--no-backup=test", "--fail-on", "never")
    assert project.run("upgrade", *arguments).exit == 6
    pg_database.fetch("drop table tb.taken; select 1")
    project.run("recover", "--apply", "resume", "--no-backup=test").ok()
    project.run("status").ok()
    assert project.run("recover", "--apply", "roll-back", "--no-backup=test").exit == 3


def test_what_stands_is_rolled_back(pg_database: Any, make_project: Any) -> None:
    body = (
        "op.execute('create table t (id int, a int)')\n"
        "op.execute('alter table old add column z int')\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('create index concurrently ix_a on t (a)')\n"
        "    op.execute('select 1/0')"
    )
    project = make_project(
        url=pg_database.url(), revisions=[Rev("a1", "op.execute('create table old (a int)')")]
    )
    project.run("upgrade", "--no-backup=test").ok()
    before = schema_dump(pg_database)
    project.add(Rev("b2", body, down="a1"))
    assert project.run("upgrade").exit == 6
    told = _recover(project).json()
    sql = next(r["sql"] for r in told["remedies"] if r["name"] == "roll-back")
    assert sql == [
        'DROP INDEX CONCURRENTLY "public"."ix_a"',
        'ALTER TABLE "public"."old" DROP COLUMN "z"',
        'DROP TABLE "public"."t"',
    ]
    done = _recover(project, "--apply", "roll-back")
    assert done.exit == 0 and done.json()["diagnosis"]["state"] == "behind", str(done)
    assert schema_dump(pg_database) == before
    assert project.run("status").exit == 0


def _state(project: Any) -> tuple[int, str, Any]:
    done = _recover(project)
    document = done.json()
    assert project.run("status").exit == done.exit
    return done.exit, document["diagnosis"]["state"], document["recommended"]


_TWO = (
    Rev(
        "a1",
        "op.execute('create table t (id int, a int)')\nop.execute('insert into t values (1, 1), (2, 1)')",
    ),
    Rev("b2", "op.execute('create table u (id int)')"),
)


@pytest.mark.long
def test_states_that_raw_sql_makes(pg_database: Any, make_project: Any) -> None:
    """Each as it arises, told, and led out of by the remedy that is recommended."""
    project = make_project(url=pg_database.url(), revisions=list(_TWO))
    project.run("upgrade", "--no-backup=test").ok()
    assert _state(project) == (0, "at heads", None)
    with pg_database.connect() as connection:
        connection.execute("insert into alembic_version values ('a1')")
    assert _state(project) == (6, "overlapping rows", "merge-rows")
    assert _recover(project, "--apply", "merge-rows", "--no-backup=test").exit == 0
    assert pg_database.fetch("select * from alembic_version") == [("b2",)]
    with pg_database.connect() as connection, pytest.raises(Exception, match="could not create unique index"):
        connection.execute("create unique index concurrently ix on t (a)")
    assert _state(project) == (6, "invalid index", "clean-debris")
    assert _recover(project, "--apply", "clean-debris", "--no-backup=test").exit == 0
    assert pg_database.fetch("select to_regclass('ix')") == [(None,)]
    with pg_database.connect() as connection:
        connection.execute("update alembic_version set version_num = 'zz9'")
    assert _state(project) == (8, "orphan revision", None)
    with pg_database.connect() as connection:
        connection.execute("update alembic_version set version_num = 'b2'")
    (project.versions / "b2_revision.py").unlink()
    exit_status, state, _ = _state(project)
    assert (exit_status, state) == (8, "newer than the code")


@pytest.mark.long
@pytest.mark.slow
def test_the_backup_of_the_run_takes_the_place(pg_database: Any, make_project: Any) -> None:
    """Rows written in autocommit by a revision that may not be run again: nothing else leads back."""
    project = make_project(url=pg_database.url(), revisions=list(_TWO))
    project.run("upgrade", "--no-backup=test").ok()
    before = schema_dump(pg_database)
    body = (
        "op.execute('create table w (id int)')\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('update t set a = a + 1')\n"
        "    op.execute('select 1/0')"
    )
    project.add(Rev("c3", body, down="b2"))
    assert project.run("upgrade", "--fail-on", "never").exit == 6
    assert _state(project) == (6, "half applied", "restore")
    refused = _recover(project, "--apply", "resume")
    assert refused.exit == 3 and "re-runnable" in refused.json()["error"]["message"], str(refused)
    done = _recover(project, "--apply", "restore", "--yes")
    assert done.exit == 0, str(done)
    assert schema_dump(pg_database) == before
    assert pg_database.fetch("select a from t order by id") == [(1,), (1,)]
    kept = pg_database.fetch(f"select datname from pg_database where datname like '{pg_database.name}_%'")
    for (name,) in kept:
        pg_database.server.drop_database(name)


def test_a_role_that_may_only_read_explains(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=list(_TWO))
    project.run("upgrade", "--no-backup=test").ok()
    role = f"reader_{pg_database.name}"
    with pg_database.connect() as connection:
        connection.execute("insert into alembic_version values ('a1')")
        connection.execute(f"create role {role} login")
        for schema in ("public", "alembic_safe"):
            connection.execute(f"grant usage on schema {schema} to {role}")
            connection.execute(f"grant select on all tables in schema {schema} to {role}")
    project.ini.write_text(re.sub(r"://[^@/]*@", f"://{role}@", project.ini.read_text()))
    told = _recover(project, "--explain-only", "--bundle", "bundle.json")
    assert told.exit == 6 and told.json()["diagnosis"]["state"] == "overlapping rows", str(told)
    bundle = (project.path / "bundle.json").read_text()
    assert "recover-bundle" in bundle and "merge-rows" in bundle
    assert project.run("status").exit == 6
    with pg_database.connect() as connection:
        connection.execute(f"drop owned by {role}")
        connection.execute(f"drop role {role}")
