"""What is said, and what is left alone, when something is wrong before anything is applied."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.faults import A1, B2, SECRET, Scene, check_discreet, check_error, seed, tree
from tests.support.databases import DEFAULT_DRIVER
from tests.support.projects import Project, Rev

Text = Callable[[str], str]
_URL = f"postgresql+{DEFAULT_DRIVER}://app:{SECRET}@"
_HIDDEN = "no-such-host.invalid"


def _same(text: str) -> str:
    return text


def _nothing(project: Project) -> None:
    """The project is wrong as it was made."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A project at a1 on SQLite with b2 pending, made wrong in one thing; `message` and `hint` are patterns."""

    message: str
    hint: str
    exit: int = 2
    args: tuple[str, ...] = ("upgrade",)
    url: str | None = None
    ini: Text = _same
    env_py: Text | None = None
    revisions: tuple[Rev, ...] = (A1, B2)
    change: Callable[[Project], None] = _nothing
    environment: Mapping[str, str] = field(default_factory=dict)


def _remove(name: str) -> Callable[[Project], None]:
    def remove(project: Project) -> None:
        path = project.path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return remove


def _settings(text: str) -> Callable[[Project], None]:
    def write(project: Project) -> None:
        (project.path / "pyproject.toml").write_text(text)

    return write


_URLS = {
    "malformed": Fault(
        r"database URL cannot be used: it is not of the form .*env\.py:\d+\)",
        "sqlalchemy.url",
        url=f"postgresql:/app:{SECRET}@127.0.0.1/app",
    ),
    "port is a word": Fault(
        "database URL cannot be used: its port is not a number", "%40", url=f"{_URL}db.invalid:Hunter/app"
    ),
    "percent in the ini": Fault(
        r"alembic\.ini cannot be read: .*sqlalchemy\.url",
        "written twice",
        ini=lambda text: text.replace("sqlite://", f"postgresql://app:Hunter%{SECRET}@db"),
    ),
    "unknown dialect": Fault(
        "SQLAlchemy knows no database pgsql", "sqlalchemy.url", url=f"pgsql://a:{SECRET}@b/c"
    ),
    "driver not installed": Fault(
        "driver .* is not there: .*'pymysql'",
        "Install the driver",
        url=f"mysql+pymysql://a:{SECRET}@127.0.0.1/c",
    ),
    "unknown host": Fault(
        f"could not connect to {_HIDDEN}:5432/app",
        "Check the host in the URL",
        exit=9,
        url=f"{_URL}{_HIDDEN}:5432/app",
    ),
    "no server": Fault(
        r"could not connect to /nonexistent/app: .*\.s\.PGSQL\.5432",
        "Is the server running on this machine",
        exit=9,
        args=("plan",),
        url=f"{_URL}/app?host=/nonexistent",
    ),
    "no folder for the file": Fault(
        "the SQLite database /nonexistent/app.db cannot be opened",
        "Is the path right",
        exit=9,
        url="sqlite:////nonexistent/app.db",
    ),
}

_PROJECTS = {
    "syntax error in a revision": Fault(
        r"SyntaxError: .*c3_revision\.py:2\)",
        "alembic current",
        revisions=(A1, B2, Rev("c3", text="revision = 'c3'\ndef upgrade(:\n")),
    ),
    "exception at import of a revision": Fault(
        r"RuntimeError: boom .*c3_revision\.py:6\)",
        "alembic current",
        revisions=(A1, B2, Rev("c3", head="raise RuntimeError('boom')")),
    ),
    "a revision that leaks the URL": Fault(
        r"RuntimeError: cannot reach .*c3_revision\.py:6\)",
        "alembic current",
        revisions=(A1, B2, Rev("c3", head=f"raise RuntimeError('cannot reach {_URL}h/p')")),
    ),
    "a revision's file is missing": Fault(
        "'nope', which no file of this checkout holds",
        "versions folder",
        revisions=(A1, B2, Rev("c3", down="nope")),
    ),
    "env.py: syntax": Fault(
        r"SyntaxError: .*env\.py:\d+\)",
        "alembic current",
        args=("status",),
        env_py=lambda text: f"{text}\ndef (:\n",
    ),
    "env.py: import": Fault(
        r"ModuleNotFoundError: No module named 'nothing_here' \(.*env\.py:1\)",
        "alembic current",
        env_py=lambda text: f"import nothing_here\n{text}",
    ),
    "env.py: exception": Fault(
        r"KeyError: 'DATABASE_URL' \(.*env\.py:\d+\)",
        "alembic current",
        env_py=lambda text: text.replace("target_metadata = None", "import os; os.environ['DATABASE_URL']"),
    ),
    "env.py: runs nothing": Fault(
        r"env\.py was executed to its end without",
        "context.configure",
        env_py=lambda text: text.split("if context.is_off")[0],
    ),
    "env.py: leaves": Fault(
        r"env\.py called sys.exit\(3\) at .*env\.py:1",
        "must return",
        env_py=lambda _: "import sys; sys.exit(3)\n",
    ),
    "env.py: missing": Fault(
        r"Can't find Python file .*env\.py", "alembic current", change=_remove("migrations/env.py")
    ),
    "no alembic.ini": Fault(
        # the second where alembic is older than 1.16 and the project has a pyproject.toml
        r"no alembic project in \S+: neither alembic\.ini|there is no alembic\.ini here",
        "`-c",
        change=_remove("alembic.ini"),
    ),
    "alembic.ini elsewhere": Fault(
        r"there is no file \S+/etc/alembic\.ini", "-c FILE", args=("upgrade", "-c", "etc/alembic.ini")
    ),
    "no script_location": Fault(
        r"script_location is not set for alembic in \S+alembic\.ini",
        "script_location = ",
        ini=lambda text: text.replace("script_location =", "script_place ="),
    ),
    "no such section": Fault(
        r"alembic\.ini has no section \[shop\]", "It has alembic,", args=("upgrade", "-n", "shop")
    ),
    "alembic.ini: no section at all": Fault(
        r"alembic\.ini cannot be read: MissingSectionHeaderError, line 1",
        "Mend the file",
        ini=lambda text: f"x = 1\n{text}",
    ),
    "no migrations folder": Fault(
        r"there is no folder \S+migrations$", "Is script_location", change=_remove("migrations")
    ),
    "no revision at all": Fault(
        r"app\.db is at revision a1, which this checkout, which has no revision at all, does not have",
        "version_locations",
        exit=8,
        change=_remove("migrations/versions"),
    ),
    "unknown revision": Fault(
        "there is no revision zz in this checkout", "alembic history", args=("upgrade", "zz")
    ),
    "ambiguous revision": Fault(
        "cccc is ambiguous: 'cccc[12]', 'cccc[12]'",
        "alembic history",
        args=("upgrade", "cccc"),
        revisions=(A1, B2, Rev("cccc1"), Rev("cccc2")),
    ),
    "two heads": Fault(
        r"this checkout has 2 heads \(c3, c4\): say `heads`",
        "alembic history",
        args=("upgrade", "head"),
        revisions=(A1, B2, Rev("c3", down="b2"), Rev("c4", down="b2")),
    ),
    "downgrade too far": Fault("there is no way to -5: ", "alembic-safe status", args=("downgrade", "-5")),
}

_SETTINGS = {
    "unknown key": Fault(
        r"pyproject\.toml: unknown key 'backup_dir'",
        "'backup-dir'",
        change=_settings("[tool.alembic-safe]\nbackup_dir = 'x'\n"),
    ),
    "bad value in the file": Fault(
        r"pyproject\.toml \[tool\.alembic-safe\] backup-jobs: 'many' is not",
        "settings.md",
        change=_settings("[tool.alembic-safe]\nbackup-jobs = 'many'\n"),
    ),
    "unknown variable": Fault(
        "unknown variable ALEMBIC_SAFE_BACKUPDIR",
        "ALEMBIC_SAFE_BACKUP_DIR",
        environment={"ALEMBIC_SAFE_BACKUPDIR": "x"},
    ),
    "bad variable": Fault(
        "ALEMBIC_SAFE_WAIT: 'soon' is not a duration",
        "settings.md",
        environment={"ALEMBIC_SAFE_WAIT": "soon"},
    ),
    "bad flag": Fault("--backup-jobs: '0' is below", "settings.md", args=("upgrade", "--backup-jobs", "0")),
    "unknown flag": Fault("no such option:? '?--nope", "upgrade --help", args=("upgrade", "--nope")),
    "alembic's own flag": Fault("no such option:? '?--sql", "alembic-safe plan", args=("upgrade", "--sql")),
    "no reason": Fault(
        "--no-backup: a reason is needed", "settings.md", args=("upgrade", "--no-backup", " ")
    ),
    "a password for all to see": Fault(
        "--control-url: a password may not stand here",
        "env:NAME",
        args=("upgrade", "--control-url", f"{_URL}h/app"),
    ),
}
_FAULTS = {**_URLS, **_PROJECTS, **_SETTINGS}


# others go the same way through the code, and stand for these in the short form
_COVERED = {
    "alembic.ini: no section at all",
    "no such section",
    "alembic.ini elsewhere",
    "no revision at all",
    "ambiguous revision",
    "downgrade too far",
    "unknown dialect",
    "port is a word",
    "percent in the ini",
    "exception at import of a revision",
    "env.py: leaves",
    "env.py: runs nothing",
    "env.py: import",
    "env.py: missing",
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.long) if n in _COVERED else n for n in _FAULTS]
)
def test_fault_is_named_and_nothing_changes(make_project: Any, name: str) -> None:
    fault = _FAULTS[name]
    project = make_project(url=fault.url, ini=fault.ini, env=fault.env_py, revisions=fault.revisions)
    seed(project.database_file)
    fault.change(project)
    Scene(project).refused(
        *fault.args, exit=fault.exit, message=fault.message, hint=fault.hint, env=fault.environment
    )


def test_unknown_command(make_project: Any) -> None:
    """It has no document, since nobody can know which."""
    done = make_project().run("upgarde", "--format", "json")
    assert done.exit == 2
    assert done.stdout == ""
    assert "error: no such command 'upgarde'" in done.stderr
    assert "Did you mean 'upgrade'?" in done.stderr
    assert "hint: See `alembic-safe --help`." in done.stderr


@pytest.fixture
def closed_port() -> Any:
    """A port of 127.0.0.1 that nobody listens on, and nobody else can take."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


_COMMANDS = ("upgrade", "downgrade base", "plan", "status", "history", "backup create")


@pytest.mark.long
def test_a_console_claims_nothing_after_an_error(make_project: Any, closed_port: int) -> None:
    project = make_project(
        template="async", url=f"postgresql+asyncpg://a:{SECRET}@127.0.0.1:{closed_port}/app"
    )
    for command in _COMMANDS:
        done = project.run(*command.split())
        assert (done.exit, done.stdout) == (9, ""), done
        assert f"error: env.py could not connect to 127.0.0.1:{closed_port}/app: " in done.stderr
        assert "hint: Is the server running there, and listening on that port?" in done.stderr
        check_discreet(done)


@pytest.mark.long
def test_a_console_claims_no_backups_where_it_could_not_look(make_project: Any) -> None:
    project = make_project()
    (project.path / "file").write_text("")
    for command in ("list", "verify"):
        done = project.run("backup", command, "--backup-dir", "file")
        assert (done.exit, done.stdout) == (7, ""), done
        assert f"error: the backup directory {project.path}/file cannot be read" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_wrong_password_and_wrong_database(make_project: Any, pg_tcp: Any, driver: str) -> None:
    good = pg_tcp.url(driver, "postgres", tcp=True)
    address = f"127.0.0.1:{pg_tcp.port}"
    project = make_project(url=good.replace(pg_tcp.password, SECRET), revisions=[A1])
    done = project.run("upgrade", "--format", "json")
    _check_no_way(
        done, project, f"env.py could not connect to {address}/postgres: ", "Check user and password"
    )
    project = make_project(url=pg_tcp.url(driver, "nobody_here", tcp=True), revisions=[A1])
    done = project.run("upgrade", "--format", "json")
    _check_no_way(done, project, f'{address}/nobody_here: .*"nobody_here" does not exist', "createdb")
    assert pg_tcp.password not in done.stdout + done.stderr


def _check_no_way(done: Any, project: Project, message: str, hint: str) -> None:
    check_error(done, exit=9, message=message, hint=hint)
    assert not [name for name in tree(project.path) if ".alembic-safe" in name]


def test_init_outside_a_project(tmp_path: Path, make_project: Any) -> None:
    project = make_project()
    project.ini.unlink()
    Scene(project).refused("init", exit=2, message="no alembic project in", hint="with -c")


def test_one_revision_id_in_two_files(make_project: Any) -> None:
    """alembic warns and takes either; here nothing is taken."""
    project = make_project(revisions=[Rev("a1", "op.execute('create table t (id int)')")])
    twin = project.add(Rev("a1", "op.execute('create table u (id int)')", down=None, message="twin"))
    assert twin.exists()
    done = project.run("upgrade")
    assert done.exit == 2, str(done)
    assert "same revision id" in done.stderr and "a1" in done.stderr and "hint:" in done.stderr
    assert not project.database_file.exists()


def test_what_the_project_prints_is_masked(make_project: Any) -> None:
    """A URL with a password in a print or a log line of the project's own."""
    project = make_project(
        revisions=[Rev("a1", "print('connecting to postgresql://shop:tops3cret@db/shop', flush=True)")]
    )
    done = project.run("upgrade").ok()
    assert "tops3cret" not in done.stdout + done.stderr
    assert "postgresql://shop:***@db/shop" in done.stderr
