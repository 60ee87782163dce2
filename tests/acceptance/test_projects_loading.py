"""A project is loaded as alembic's own command loads it, and a look at it changes nothing."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import alembic
import pytest

from tests.support.processes import run
from tests.support.projects import Rev
from tests.support.schema import schema_dump

NO_BACKUP = ("--no-backup", "the suite's own database", "--format", "json")
TWO = [
    Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer))", "op.drop_table('t')"),
    Rev("b2", "op.create_table('u', sa.Column('id', sa.Integer))", "op.drop_table('u')"),
]
_NEW = tuple(int(part) for part in alembic.__version__.split(".")[:2]) >= (1, 16)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path) -> set[str]:
    return {str(p) for p in folder.rglob("*") if "__pycache__" not in p.parts}


def test_a_config_in_another_directory_by_flag_and_by_environment(make_project):
    project = make_project(
        revisions=TWO,
        ini=lambda text: text.replace(
            "script_location = migrations", "script_location = %(here)s/migrations"
        ),
    )
    elsewhere = project.path / "elsewhere"
    elsewhere.mkdir()
    backups = ("--backup-dir", elsewhere / "backups")
    by_flag = project.run("plan", "--format", "json", "-c", "../alembic.ini", cwd=elsewhere).ok().json()
    assert [r["revision"]["id"] for r in by_flag["targets"][0]["revisions"]] == ["a1", "b2"]
    project.run(
        "upgrade", "a1", *NO_BACKUP, *backups, cwd=elsewhere, env={"ALEMBIC_CONFIG": str(project.ini)}
    ).ok()
    status = project.run("status", "--format", "json", "-c", project.ini, cwd=Path("/")).ok().json()
    assert status["targets"][0]["behind"] == ["b2"]
    missing = project.run("status", "--format", "json", cwd=elsewhere)
    assert missing.exit == 2 and missing.json()["error"]["hint"]


def test_several_sections_and_x_arguments(make_project):
    project = make_project(
        revisions=TWO,
        env=lambda text: "from alembic import context\nprint('x is', context.get_x_argument())\n" + text,
    )
    more = f"\n[second]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = sqlite:///{project.path}/two.db\n"
    project.ini.write_text(project.ini.read_text() + more)
    done = project.run(
        "upgrade", *NO_BACKUP, "-n", "alembic", "-n", "second", "-x", "who=me", "-x", "loud"
    ).ok()
    assert [t["heads_after"] for t in done.json()["targets"]] == [["b2"], ["b2"]]
    assert "x is ['who=me', 'loud']" in done.stderr
    assert project.database_file.exists() and (project.path / "two.db").exists()


@pytest.mark.skipif(not _NEW, reason="pyproject projects need alembic 1.16")
@pytest.mark.parametrize("template", ["pyproject", "pyproject_async"])
def test_a_pyproject_project_with_and_without_ini(make_project, template):
    project = make_project(template=template, revisions=TWO)
    project.run("upgrade", "a1", *NO_BACKUP).ok()
    assert project.run("status", "--format", "json", "-c", "pyproject.toml").ok().json()["targets"][0][
        "behind"
    ] == ["b2"]
    url = project.url
    project.ini.unlink()
    # raw alembic names alembic.ini to env.py also where there is none, and fileConfig then fails
    project.env.write_text(
        project.env.read_text()
        .replace("config.get_section(config.config_ini_section, {})", "{'sqlalchemy.url': " + repr(url) + "}")
        .replace("fileConfig(config.config_file_name)", "pass")
    )
    done = project.run("upgrade", *NO_BACKUP).ok()
    assert done.json()["targets"][0]["heads_after"] == ["b2"]


def test_a_project_whose_folder_is_called_alembic(make_project):
    project = make_project(revisions=TWO)
    shutil.move(project.script, project.path / "alembic")
    (project.path / "alembic" / "__init__.py").write_text(
        "raise ImportError('this is the project, not the package')\n"
    )
    ini = project.ini.read_text()
    project.ini.write_text(
        ini.replace("/migrations", "/alembic").replace(
            "script_location = migrations", "script_location = alembic"
        )
    )
    (project.path / "app_settings.py").write_text("print('found by the working directory')\n")
    env = project.path / "alembic" / "env.py"
    env.write_text("import app_settings\n" + env.read_text())
    project.run("upgrade", "a1", *NO_BACKUP).ok()
    command = [sys.executable, "-m", "alembic_safe", "upgrade", *NO_BACKUP]
    done = run(command, cwd=project.path, env=project.environment()).ok()
    assert done.json()["targets"][0]["heads_after"] == ["b2"]
    assert "found by the working directory" in done.stderr
    # as a module, the working directory is found also where alembic's configuration does not add it
    project.ini.write_text(
        "\n".join(line for line in project.ini.read_text().splitlines() if "prepend_sys_path" not in line)
    )
    run([sys.executable, "-m", "alembic_safe", "status"], cwd=project.path, env=project.environment()).ok()


def test_stdout_is_the_result_whatever_the_project_prints(make_project, pg_database):
    noisy = """
    import os, subprocess, sys, threading, time, atexit
    print("to stdout")
    os.write(1, b"\\xff raw\\n")
    subprocess.run(["echo", "from a program"])
    sys.__stdout__.write("by the old name\\n")
    print("y" * 200_000)
    atexit.register(lambda: print("at exit"))
    threading.Thread(target=time.sleep, args=(30,), name="metrics-flush").start()
    """
    from textwrap import dedent

    project = make_project(url=pg_database.url(), revisions=TWO, env=lambda text: dedent(noisy) + text)
    for command in ("plan", "status", "upgrade"):
        done = project.run(command, *(NO_BACKUP if command == "upgrade" else ("--format", "json"))).ok()
        assert done.json()["schema"] == f"alembic-safe/{command}"
        for words in ("to stdout", "from a program", "by the old name", "at exit", "metrics-flush"):
            assert words in done.stderr, words
        assert done.seconds < 25


def test_a_look_changes_nothing_in_postgresql(make_project, pg_database):
    env = """
    from alembic import context
    from sqlalchemy import create_engine, pool, text
    engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool, future=True)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS audit"))
        connection.execute(text("INSERT INTO seen VALUES (7)"))
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
    """
    pg_database.fetch("create table seen (i int)")
    project = make_project(url=pg_database.url(), revisions=TWO, env=env)
    before = schema_dump(pg_database, exclude_tables=())
    for command in ("plan", "status"):
        done = project.run(command, "--format", "json").ok()
        notices = " ".join(done.json()["notices"])
        assert "CREATE SCHEMA IF NOT EXISTS audit" in notices and "INSERT INTO seen" in notices
        assert "env.py:" in notices
    assert schema_dump(pg_database, exclude_tables=()) == before
    assert pg_database.fetch("select count(*) from seen") == [(0,)]
    assert pg_database.fetch("select to_regnamespace('audit'), to_regnamespace('alembic_safe')") == [
        (None, None)
    ]
    project.run("upgrade", *NO_BACKUP).ok()
    assert pg_database.fetch("select to_regnamespace('audit') is not null") == [(True,)]
    after = schema_dump(pg_database, exclude_tables=())
    project.run("plan", "--format", "json").ok()
    assert schema_dump(pg_database, exclude_tables=()) == after


@pytest.mark.slow
@pytest.mark.parametrize("template", ["generic", "async"])
def test_a_look_changes_nothing_in_sqlite(make_project, template):
    wal = """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    @event.listens_for(Engine, "connect")
    def on_connect(connection, record):
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()
    """
    from textwrap import dedent

    project = make_project(template=template, revisions=TWO)
    for command in ("plan", "status"):
        project.run(command).ok()
        assert not project.database_file.exists()
    project.run("upgrade", "a1", *NO_BACKUP).ok()
    project.env.write_text(dedent(wal) + project.env.read_text())
    before, files = _hash(project.database_file), _files(project.path)
    for command in ("plan", "status"):
        project.run(command).ok()
        assert _hash(project.database_file) == before
        assert _files(project.path) == files
    project.run("upgrade", *NO_BACKUP).ok()
