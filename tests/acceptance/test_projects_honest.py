"""Exit 0 means that every target is at its target: projects that do their best to make it lie."""

from __future__ import annotations

import pytest

from tests.support.projects import Rev

NO_BACKUP = ("--no-backup", "the suite's own database", "--format", "json")
HEAD = """
from alembic import context
from sqlalchemy import create_engine, pool, text
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool, future=True)
"""
RUN = """
with engine.connect() as connection:
    context.configure(connection=connection{options})
    with context.begin_transaction():
        context.run_migrations()
{end}
"""


def _env(options: str = "", end: str = "", before: str = "") -> str:
    return HEAD + before + RUN.format(options=options, end=end)


ENVIRONMENTS = {
    "deletes the row afterwards": (
        _env(end='with engine.begin() as c:\n    c.execute(text("delete from alembic_version"))'),
        "left_alone",
    ),
    "moves the row back afterwards": (
        _env(
            end="with engine.begin() as c:\n    c.execute(text(\"update alembic_version set version_num = 'a1'\"))"
        ),
        "left_alone",
    ),
    "rolls back in its own callback": (
        _env(
            options=", on_version_apply=undo",
            before="def undo(ctx, step, heads, run_args):\n    if step.up_revision_id == 'c3':\n"
            "        ctx.connection.connection.rollback()\n",
        ),
        "left_alone",
    ),
    "migrates only the first time": (
        HEAD + "from pathlib import Path\nflag = Path(__file__).with_suffix('.seen')\n"
        "if not flag.exists():\n    flag.touch()\n"
        + "\n".join("    " + line for line in RUN.format(options="", end="").splitlines()),
        "left_alone",
    ),
    "swallows what a revision raises": (
        HEAD
        + "try:\n"
        + "\n".join("    " + line for line in RUN.format(options="", end="").splitlines())
        + "\nexcept BaseException:\n    pass\n",
        "op.execute('select 1/0')",
    ),
    "swallows it and stamps": (
        HEAD
        + "try:\n"
        + "\n".join("    " + line for line in RUN.format(options="", end="").splitlines())
        + "\nexcept Exception:\n    with engine.begin() as c:\n"
        "        c.execute(text(\"update alembic_version set version_num = 'zz'\"))\n",
        "op.execute('select 1/0')",
    ),
    "exits well in the middle": (_env(), "import sys\nsys.exit(0)"),
    "ends the process well": (_env(), "import os\nos._exit(0)"),
    "fails at its commit": (
        _env(),
        "op.execute('create table p (i int primary key)')\n"
        "op.execute('create table c (i int references p deferrable initially deferred)')\n"
        "op.execute('insert into c values (1)')",
    ),
    "rolls back by the driver": (
        _env(),
        "op.execute('create table w (i int)')\nop.get_bind().connection.rollback()",
    ),
    "writes the row itself": (_env(), "op.execute(\"update alembic_version set version_num = 'zz'\")"),
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_exit_0_cannot_be_had_off_the_target(make_project, pg_database, name):
    env, body = ENVIRONMENTS[name]
    last = "op.execute('create table w (i int)')" if body == "left_alone" else body
    revisions = [Rev("a1", "op.execute('create table t (i int)')"), Rev("b2"), Rev("c3", last), Rev("zz")]
    project = make_project(url=pg_database.url(), env=env, revisions=revisions)
    done = project.run("upgrade", *NO_BACKUP)
    rows = pg_database.fetch("select version_num from alembic_version") if _has_rows(pg_database) else []
    document = done.json()
    assert done.exit not in (0, 1), str(done)
    assert document["exit"] == done.exit and document["error"]["hint"]
    assert "Traceback" not in done.stderr
    said = document["error"]["message"] + str(document["error"].get("detail"))
    assert rows == [] or rows[0][0] in said or done.exit == 2, (rows, said)
    assert "c3" in said or "zz" in said or "env.py" in said, said


def _has_rows(database) -> bool:
    return bool(database.fetch("select to_regclass('alembic_version') is not null")[0][0])


COMMIT = "b = op.get_bind()\n(getattr(b, 'commit', None) or b.get_transaction().commit)()"


def test_own_commits_lose_nothing_and_are_proven(make_project, pg_database):
    """Raw alembic exits 0 here having lost all that follows the first commit."""
    revisions = [
        Rev("c1", f"op.execute('create table a (i int)')\n{COMMIT}\nop.execute('create table b (i int)')"),
        *(Rev(f"r{n:02}", f"op.execute('create table t{n} (i int)')") for n in range(20)),
        Rev("c2", f"op.execute('create table z (i int)')\n{COMMIT}"),
    ]
    env = _env()
    project = make_project(url=pg_database.url(), env=env, revisions=revisions)
    done = project.run("upgrade", *NO_BACKUP).ok()
    (target,) = done.json()["targets"]
    assert target["heads_after"] == ["c2"] and len(target["steps"]) == 22
    assert {step["outcome"] for step in target["steps"]} == {"committed"}
    assert pg_database.fetch("select version_num from alembic_version") == [("c2",)]
    count = "select count(*) from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
    assert pg_database.fetch(count) == [(23,)]
    status = project.run("status", "--format", "json").ok().json()
    assert status["targets"][0]["state"] == "at heads"


def test_a_failure_after_an_own_commit_is_dirty_and_says_where(make_project, pg_database):
    body = f"op.execute('create table a (i int)')\n{COMMIT}\nop.execute('select 1/0')"
    project = make_project(
        url=pg_database.url(), env=_env(), revisions=[Rev("a1"), Rev("b2", body), Rev("c3")]
    )
    done = project.run("upgrade", *NO_BACKUP)
    error = done.json()["error"]
    assert done.exit == 6, str(done)
    assert "b2" in error["message"] and "division by zero" in error["message"]
    line = (project.versions / "b2_revision.py").read_text().splitlines().index(
        "    op.execute('select 1/0')"
    ) + 1
    assert f"b2_revision.py:{line}" in error["message"]
    assert project.run("status", "--format", "json").exit == 6


@pytest.mark.slow
@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg"])
def test_a_failed_revision_is_mended_and_run_again(make_project, pg_database, driver):
    model = (
        "from sqlalchemy.orm import declarative_base\nfrom sqlalchemy.orm import Session\nBase = declarative_base()\n"
        "class Thing(Base):\n    __tablename__ = 'thing'\n    id = sa.Column(sa.Integer, primary_key=True)\n"
    )
    revisions = [
        Rev("a1", "Base.metadata.create_all(op.get_bind())", head=model),
        Rev("b2", "op.execute('create table half (i int)')\nop.execute('create tabel oops (i int)')"),
        Rev("c3", "s = Session(bind=op.get_bind())\ns.add(Thing(id=1))\ns.flush()", head=model),
    ]
    project = make_project(
        template="async" if driver == "asyncpg" else "generic",
        url=pg_database.url(driver),
        revisions=revisions,
        files={"models.py": "import sqlalchemy as sa\n" + model},
        env=lambda text: (
            "import models\n"
            + text.replace("target_metadata = None", "target_metadata = models.Base.metadata")
        ),
    )
    done = project.run("upgrade", *NO_BACKUP, "--fail-on", "never")
    assert done.exit == 5 and "tabel" in done.json()["error"]["message"], str(done)
    assert pg_database.fetch("select version_num from alembic_version") == [("a1",)]
    assert pg_database.fetch("select to_regclass('half')") == [(None,)]
    file = project.versions / "b2_revision.py"
    # longer by a letter: Python takes its compiled form for a file of the same second and length
    file.write_text(file.read_text().replace("create tabel oops (i int)", "create table oops (id int)"))
    project.run("upgrade", *NO_BACKUP, "--fail-on", "never").ok()
    assert pg_database.fetch("select version_num from alembic_version") == [("c3",)]
    assert pg_database.fetch("select count(*) from thing") == [(1,)]
