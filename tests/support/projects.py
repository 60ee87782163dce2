"""A factory of alembic projects: alembic's own templates, revisions as a person writes them, commands."""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from tests.support.processes import (
    MARK,
    Completed,
    clean_environment,
    kill_group,
    marked,
    run,
    start,
    wait_until,
)
from tests.support.warm import can_run, run_warm

# SUITE_PATIENCE=10 gives commands ten times as long, on a machine that others keep busy
_PATIENCE = float(os.environ.get("SUITE_PATIENCE", "1"))
_LEFT_SECONDS = 3.0 * _PATIENCE
PREVIOUS = "<previous>"
Body = str | Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Rev:
    """A revision to write. Bodies are Python with `op` and `sa`; None leaves the function out, "" is `pass`.

    `down` is by default the revision written before; None makes a base. In a multidb project a body is a
    mapping from engine name to Python, or one text for every engine. `head` goes between the imports and
    the identifiers. `text` replaces the whole file.
    """

    id: str
    upgrade: Body = ""
    downgrade: Body = ""
    down: str | tuple[str, ...] | None = PREVIOUS
    message: str = ""
    depends_on: str | tuple[str, ...] | None = None
    labels: tuple[str, ...] = ()
    head: str = ""
    text: str | None = None


class Project:
    """An alembic project in a folder of its own. `path` is the folder, `script` the script directory."""

    def __init__(self, path: Path, url: str, engines: tuple[str, ...] = ()) -> None:
        self.path = path
        self.url = url
        self.engines = engines
        self.script = path / "migrations"
        self.versions = self.script / "versions"
        self.mark = secrets.token_hex(8)
        self.last: str | None = None
        self._started: list[subprocess.Popen[str]] = []

    @property
    def ini(self) -> Path:
        """alembic.ini."""
        return self.path / "alembic.ini"

    @property
    def env(self) -> Path:
        """env.py."""
        return self.script / "env.py"

    @property
    def database_file(self) -> Path:
        """The SQLite file of a project that was made without a URL."""
        return self.path / "app.db"

    def add(self, rev: Rev) -> Path:
        """Write a revision and return its file."""
        self.versions.mkdir(exist_ok=True)
        slug = re.sub(r"\W+", "_", rev.message or "revision").strip("_").lower()
        file = self.versions / f"{rev.id}_{slug}.py"
        file.write_text(rev.text if rev.text is not None else self._revision_text(rev))
        self.last = rev.id
        return file

    def add_revision(
        self,
        id: str,
        down: str | tuple[str, ...] | None = PREVIOUS,
        upgrade: Body = "",
        downgrade: Body = "",
        **further: Any,
    ) -> Path:
        """`add`, by arguments."""
        return self.add(Rev(id, upgrade=upgrade, downgrade=downgrade, down=down, **further))

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment its commands get."""
        return clean_environment(self.path, {MARK: self.mark, **(extra or {})})

    def run(
        self,
        *args: str | Path,
        env: Mapping[str, str] | None = None,
        input: str | None = None,
        timeout: float = 60.0,
        cwd: Path | None = None,
    ) -> Completed:
        """Run the installed `alembic-safe` in the project's folder."""
        whole = self.environment(env)
        timeout *= _PATIENCE
        if can_run(whole):
            words = [str(arg) for arg in args]
            return run_warm(words, cwd=cwd or self.path, env=whole, input=input, timeout=timeout)
        command = [_program("alembic-safe"), *args]
        return run(command, cwd=cwd or self.path, env=whole, input=input, timeout=timeout)

    def run_alembic(
        self, *args: str | Path, env: Mapping[str, str] | None = None, timeout: float = 60.0
    ) -> Completed:
        """Run raw `alembic` in the project's folder."""
        command = [_program("alembic"), *args]
        return run(command, cwd=self.path, env=self.environment(env), timeout=timeout * _PATIENCE)

    def start(self, *args: str | Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start `alembic-safe` and return at once; what still runs after the test fails it."""
        return self._start("alembic-safe", args, env)

    def start_alembic(self, *args: str | Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start raw `alembic`, as `start` does."""
        return self._start("alembic", args, env)

    def _start(
        self, name: str, args: Sequence[str | Path], env: Mapping[str, str] | None
    ) -> subprocess.Popen[str]:
        process = start([_program(name), *args], cwd=self.path, env=self.environment(env))
        self._started.append(process)
        return process

    def left_behind(self) -> dict[int, str]:
        """Processes that still live of all that this project's commands started: pid -> command line."""
        return marked(self.mark)

    def close(self) -> dict[int, str]:
        """Kill what still runs; returns what had to be killed."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not self.left_behind(), _LEFT_SECONDS)
        left = self.left_behind()
        for process in self._started:
            if process.poll() is None:
                kill_group(process)
            process.communicate()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        return left

    def _revision_text(self, rev: Rev) -> str:
        down = self.last if rev.down == PREVIOUS else rev.down
        lines = [
            f'"""{rev.message or rev.id}"""',
            "",
            "import sqlalchemy as sa",
            "from alembic import op",
            "",
        ]
        lines += [dedent(rev.head).strip(), ""] if rev.head else []
        lines += [f"revision = {rev.id!r}", f"down_revision = {down!r}"]
        lines += [f"branch_labels = {rev.labels or None!r}", f"depends_on = {rev.depends_on!r}", ""]
        for name, body in (("upgrade", rev.upgrade), ("downgrade", rev.downgrade)):
            if body is not None:
                lines += ["", *self._function(name, body)]
        return "\n".join(lines) + "\n"

    def _function(self, name: str, body: str | Mapping[str, str]) -> list[str]:
        if not self.engines:
            return [f"def {name}():", _indented(body if isinstance(body, str) else ""), ""]
        lines = [f"def {name}(engine_name):", f'    globals()["{name}_%s" % engine_name]()', "", ""]
        for engine in self.engines:
            text = body if isinstance(body, str) else body.get(engine, "")
            lines += [f"def {name}_{engine}():", _indented(text), "", ""]
        return lines


@pytest.fixture
def make_project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """A function that makes a project; see `_make`. Commands left running after the test fail it."""
    made: list[Project] = []

    def make(**arguments: Any) -> Project:
        name = arguments.pop("name", "project" if not made else f"project{len(made) + 1}")
        project = _make(tmp_path / name, **arguments)
        made.append(project)
        return project

    yield make
    left = {pid: line for project in made for pid, line in project.close().items()}
    assert not left, f"processes that the test's commands left behind: {left}"


def _make(
    path: Path,
    *,
    template: str = "generic",
    url: str | Mapping[str, str] | None = None,
    revisions: Sequence[Rev] = (),
    env: str | Callable[[str], str] | None = None,
    ini: Callable[[str], str] | None = None,
    files: Mapping[str, str] | None = None,
) -> Project:
    """`alembic init -t TEMPLATE` in `path`, with the URL put in and the revisions written.

    template   generic, async, pyproject, pyproject_async, multidb; skips by name where alembic lacks it
    url        SQLAlchemy URL (multidb: engine name -> URL); default an SQLite file in the project
    env        text of env.py, or a function from the template's text to the new one
    ini        a function from alembic.ini's text to the new one
    files      further files: name -> text (dedented)
    """
    path.mkdir()
    _alembic_init(path, template)
    default = f"sqlite{'+aiosqlite' if 'async' in template else ''}:///{path}/app.db"
    urls = url if isinstance(url, Mapping) else {}
    if template == "multidb" and not urls:
        urls = {"engine1": f"sqlite:///{path}/one.db", "engine2": f"sqlite:///{path}/two.db"}
    main = url if isinstance(url, str) else default
    project = Project(path, main, tuple(urls))
    project.ini.write_text(_with_urls(project.ini.read_text(), main, urls))
    if ini:
        project.ini.write_text(ini(project.ini.read_text()))
    if env is not None:
        project.env.write_text(env(project.env.read_text()) if callable(env) else dedent(env))
    for name, text in (files or {}).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(dedent(text))
    for rev in revisions:
        project.add(rev)
    return project


def _alembic_init(path: Path, template: str) -> None:
    from alembic import __path__ as home
    from alembic.config import CommandLine

    if not (Path(home[0]) / "templates" / template).is_dir():
        pytest.skip(f"this alembic has no template {template}")
    before = Path.cwd()
    os.chdir(path)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            CommandLine().main(["init", "-t", template, "migrations"])
    finally:
        os.chdir(before)


def _with_urls(ini: str, main: str, urls: Mapping[str, str]) -> str:
    """alembic.ini with the URLs in place of the template's; a percent sign is doubled for ConfigParser."""
    remaining = iter(urls.values())

    def put(match: re.Match[str]) -> str:
        return f"sqlalchemy.url = {(next(remaining) if urls else main).replace('%', '%%')}"

    return re.sub(r"^sqlalchemy\.url = .*$", put, ini, flags=re.MULTILINE)


def _indented(body: str) -> str:
    return indent(dedent(body).strip() or "pass", "    ")


def _program(name: str) -> Path:
    """The command as pip installed it beside this Python."""
    path = Path(sysconfig.get_path("scripts")) / name
    assert path.exists(), f"{name} is not installed for {sys.executable}"
    return path
