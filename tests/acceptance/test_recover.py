"""`recover` on states that arose by the way they really arise: a killed command, a failed statement, raw SQL."""

from __future__ import annotations

from typing import Any

from tests.support.processes import wait_until
from tests.support.projects import Rev
from tests.support.schema import schema_dump

_ASLEEP = (
    "select count(*) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()"
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
