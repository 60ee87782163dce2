"""The tests' own ground: what the fixtures promise, and that they notice what they should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import psycopg
import pytest

from tests.support.projects import Rev
from tests.support.schema import schema_dump

TABLE = [
    Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))", "op.drop_table('t')"),
    Rev("a2", "op.add_column('t', sa.Column('x', sa.Integer))", "op.drop_column('t', 'x')", message="Add x"),
]


def test_each_test_has_a_fresh_database_on_each_major(any_pg_database):
    any_pg_database.fetch("CREATE TABLE t (id int)")
    with any_pg_database.connect() as connection:
        assert connection.info.server_version // 10000 == any_pg_database.major
    assert "CREATE TABLE public.t" in schema_dump(any_pg_database)


def test_a_tcp_server_asks_for_the_password(pg_tcp):
    psycopg.connect("", **pg_tcp.keywords(tcp=True)).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect("", **{**pg_tcp.keywords(tcp=True), "password": "wrong"})


def test_a_durable_server_comes_back_after_a_crash(durable_pg, durable_pg_database):
    durable_pg_database.fetch("CREATE TABLE kept AS SELECT 1 AS one")
    durable_pg.stop(signal.SIGKILL)
    durable_pg.start()
    assert durable_pg_database.fetch("SELECT one FROM kept") == [(1,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("template", "driver"),
    [
        ("generic", "psycopg"),
        ("generic", "psycopg2"),
        ("async", "asyncpg"),
        ("async", "psycopg"),
        ("pyproject", "psycopg"),
    ],
)
def test_projects_of_alembics_templates_run(make_project, pg_database, template, driver):
    project = make_project(template=template, url=pg_database.url(driver), revisions=TABLE)
    project.run_alembic("upgrade", "head").ok()
    assert "x integer" in schema_dump(pg_database)
    project.run_alembic("downgrade", "base").ok()
    assert "CREATE TABLE" not in schema_dump(pg_database)


@pytest.mark.parametrize("template", ["generic", "async", "pyproject"])
def test_projects_default_to_a_file_of_sqlite(make_project, template):
    project = make_project(template=template, revisions=TABLE)
    project.run_alembic("upgrade", "head").ok()
    assert "x INTEGER" in schema_dump(project.database_file)


def test_a_multidb_project_has_a_body_for_each_engine(make_project):
    bodies = {
        "engine1": "op.execute('CREATE TABLE one (id int)')",
        "engine2": "op.execute('CREATE TABLE two (id int)')",
    }
    project = make_project(template="multidb", revisions=[Rev("a1", bodies)])
    project.run_alembic("upgrade", "head").ok()
    assert "one" in schema_dump(project.path / "one.db")
    assert "two" in schema_dump(project.path / "two.db")


def test_the_installed_command_runs_in_a_clean_environment(make_project, monkeypatch):
    monkeypatch.setenv("PGHOST", "nowhere")
    project = make_project()
    assert "PGHOST" not in project.environment()
    assert project.run("--help").exit == 0


FAULTS = {
    "a child": (
        "import subprocess\ndef test_it():\n    subprocess.Popen(['sleep', '60'])\n",
        "child processes that the test left behind",
    ),
    "a session": (
        "import psycopg\nheld = []\ndef test_it(pg_database):\n"
        "    held.append(psycopg.connect('', **pg_database.keywords))\n",
        "the test left sessions behind",
    ),
    "a log line": (
        "import logging\ndef test_it():\n    logging.getLogger('alembic_safe.x').warning('unheard')\n",
        "log lines that the test did not read",
    ),
    "a command": (
        "import os, subprocess\ndef test_it(make_project):\n    project = make_project()\n"
        "    subprocess.run('sleep 60 & exit 0', shell=True, env={**os.environ, **project.environment()})\n",
        "processes that the test's commands left behind",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_test_leaves_behind_fails_it(fault, tmp_path, pytestconfig):
    text, message = FAULTS[fault]
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_faulty.py").write_text(textwrap.dedent(text))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(pytestconfig.rootpath)},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert message in done.stdout


def test_the_last_line_of_defence_is_not_needed_by_a_tidy_test(log, no_child_left):
    assert log.take() == []
