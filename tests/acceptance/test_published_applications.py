"""Published applications, brought from empty to head by `alembic-safe upgrade` as raw alembic brings them.

They are histories that nobody here wrote, installed from PyPI: `pytest -m published` (about 700 MB in .cache).
Each says how it is started; where its own command does what alembic's cannot, a few lines stand for it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.databases.postgresql.server import TemporaryServer
from tests.support.databases import TestDatabase
from tests.support.processes import Completed, clean_environment, run
from tests.support.schema import schema_dump

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "published"
INSTALL_SECONDS = 1200.0
_OURS = ("upgrade", "--format", "json")

pytestmark = [pytest.mark.published, pytest.mark.slow, pytest.mark.timeout(2400)]


@dataclass(frozen=True, slots=True)
class Application:
    """A published application: what to install, its alembic.ini, and what its env.py wants to find.

    `alone` is installed without its dependencies, of which `with_` names those that env.py imports. In texts
    `@SITE@` is the site-packages, `@RUN@` the working folder, `@URL:driver@` the database. `sections` are run
    one after the other (`-n`). `first` is Python that the application does before its migrations, `flags` are
    of alembic-safe.
    """

    name: str
    ini: str
    alone: str = ""
    with_: str = ""
    sections: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    flags: tuple[str, ...] = ()
    revisions: int = 0


MLFLOW = Application(
    name="mlflow",
    alone="mlflow==3.18.0",
    with_="alembic sqlalchemy psycopg2-binary cachetools click cloudpickle databricks-sdk fastapi gitpython "
    "importlib_metadata opentelemetry-proto opentelemetry-sdk packaging protobuf pydantic python-dotenv pytz "
    "pyyaml requests sqlparse",
    ini="""
[alembic]
script_location = @SITE@/mlflow/store/db_migrations
sqlalchemy.url = @URL:psycopg2@
""",
    # the tables of its first release were made by create_all; its history begins after them
    first="""
from sqlalchemy import create_engine
from mlflow.store.tracking.dbmodels.initial_models import Base
Base.metadata.create_all(create_engine("@URL:psycopg2@"))
""",
    # so that the database is not empty, and the gate stops revisions that cannot be read
    flags=("--fail-on", "never"),
    revisions=70,
)

# two histories in one database, each with its section and its version table
SKYPILOT = Application(
    name="skypilot",
    alone="skypilot==0.14.1",
    with_="alembic sqlalchemy psycopg2-binary aiohttp aiosqlite cachetools casbin click colorama fastapi "
    "filelock greenlet httpx ijson jsonschema numpy orjson packaging paramiko passlib prettytable "
    "prometheus-client psutil pydantic pyyaml requests sqlalchemy-adapter tqdm",
    ini="""
[DEFAULT]
script_location = @SITE@/sky/schemas/db
sqlalchemy.url = @URL:psycopg2@

[state_db]
version_locations = @SITE@/sky/schemas/db/global_user_state
version_table = alembic_version_state_db

[spot_jobs_db]
version_locations = @SITE@/sky/schemas/db/spot_jobs
version_table = alembic_version_spot_jobs_db

[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = WARNING
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
""",
    sections=("state_db", "spot_jobs_db"),
    revisions=51,
)

# asyncpg; env.py says where the revisions are only once it runs, and wants to run in a worker thread of anyio
PREFECT = Application(
    name="prefect",
    with_="prefect==3.8.8",
    ini="[alembic]\nscript_location = @RUN@/migrations\n",
    files={
        "migrations/versions/.keep": "",
        "migrations/env.py": """
import runpy

import anyio


async def main():
    path = "@SITE@/prefect/server/database/_migrations/env.py"
    await anyio.to_thread.run_sync(runpy.run_path, path)


anyio.run(main)
""",
    },
    env={"PREFECT_SERVER_DATABASE_CONNECTION_URL": "@URL:asyncpg@", "PREFECT_HOME": "@RUN@/home"},
    revisions=118,
)


@dataclass(frozen=True, slots=True)
class Installed:
    """An application in a venv of its own, together with this checkout of alembic-safe."""

    application: Application
    venv: Path

    def prepare(self, folder: Path, database: TestDatabase) -> dict[str, str]:
        """Write what it needs into `folder`, do what it does first, and return the environment to run it in."""
        (folder / "home").mkdir(parents=True)

        def fill(text: str) -> str:
            for driver in ("psycopg2", "asyncpg"):
                text = text.replace(f"@URL:{driver}@", database.server.url(driver, database.name, tcp=True))
            return text.replace("@SITE@", str(next(self.venv.glob("lib/python*/site-packages")))).replace(
                "@RUN@", str(folder)
            )

        for name, text in {"alembic.ini": self.application.ini, **self.application.files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fill(text))
        # pg_dump of the server's version is found on the PATH, as a deployment image has it
        extra = {"PATH": f"{database.server.bindir}{os.pathsep}{os.environ['PATH']}"}
        env = clean_environment(
            folder / "home", {**extra, **{name: fill(text) for name, text in self.application.env.items()}}
        )
        if self.application.first:
            run([self.venv / "bin/python", "-c", fill(self.application.first)], cwd=folder, env=env).ok()
        return env

    def upgrade(self, folder: Path, env: Mapping[str, str], *words: str) -> list[Completed]:
        """Bring every section to its heads by the command `words`."""
        program, *rest = words
        done = []
        for section in self.application.sections or ("alembic",):
            flags = ["-c", "alembic.ini", "-n", section]
            # the flags stand before alembic's command, and after ours
            command = [*flags, *rest, "heads"] if program == "alembic" else [*rest, *flags, "heads"]
            done.append(run([self.venv / "bin" / program, *command], cwd=folder, env=env, timeout=600).ok())
        return done


@pytest.fixture(scope="module")
def install(request: pytest.FixtureRequest) -> Any:
    """A function that installs an application, once for as long as its versions stay."""
    if "published" not in request.config.getoption("markexpr"):
        pytest.skip("installs applications from PyPI: run it with -m published")

    def make(application: Application) -> Installed:
        key = hashlib.sha256(f"{application.alone} {application.with_} {sys.version}".encode()).hexdigest()
        venv = CACHE / f"{application.name}-{key[:12]}"
        python = venv / "bin" / "python"
        pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if not (venv / "complete").exists():
            shutil.rmtree(venv, ignore_errors=True)
            _pip([sys.executable, "-m", "venv", venv])
            if application.alone:
                _pip([*pip, "--no-deps", application.alone])
            # with ours at once, so that pip finds versions that suit both
            _pip([*pip, *application.with_.split(), "-e", f"{ROOT}[binary]"])
            (venv / "complete").touch()
        return Installed(application, venv)

    return make


def _pip(command: list[str | Path]) -> None:
    # its own environment: pip needs the machine's settings of index and proxy, which `clean_environment` drops
    run(command, cwd=ROOT, env=dict(os.environ), timeout=INSTALL_SECONDS).ok()


def _rows(database: TestDatabase) -> dict[str, int]:
    """Rows by table, our journal aside: what the revisions themselves wrote."""
    tables = database.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'alembic_safe') ORDER BY 1"
    )
    return {name: database.fetch(f"SELECT count(*) FROM {name}")[0][0] for (name,) in tables}


@pytest.mark.parametrize("application", [MLFLOW, SKYPILOT, PREFECT], ids=lambda one: one.name)
def test_is_upgraded_from_empty_to_head_as_raw_alembic_does(
    application: Application, install: Any, make_pg_database: Any, pg_tcp: TemporaryServer, tmp_path: Path
) -> None:
    installed: Installed = install(application)
    raw, ours = make_pg_database(pg_tcp), make_pg_database(pg_tcp)
    env = installed.prepare(tmp_path / "raw", raw)
    installed.upgrade(tmp_path / "raw", env, "alembic", "upgrade")
    env = installed.prepare(tmp_path / "ours", ours)
    documents = [
        done.json()
        for done in installed.upgrade(tmp_path / "ours", env, "alembic-safe", *_OURS, *application.flags)
    ]

    wanted = schema_dump(raw, exclude_tables=())
    assert wanted.count("CREATE TABLE ") > 20, "raw alembic made the application's tables"
    assert schema_dump(ours, exclude_tables=()) == wanted
    assert _rows(ours) == _rows(raw)
    steps = [step for document in documents for target in document["targets"] for step in target["steps"]]
    assert [step["outcome"] for step in steps] == ["committed"] * application.revisions
    journalled = ours.fetch("SELECT revision, outcome FROM alembic_safe.step ORDER BY began")
    assert journalled == [(step["revision"], "committed") for step in steps]

    again = installed.upgrade(tmp_path / "ours", env, "alembic-safe", *_OURS, *application.flags)
    assert [target["steps"] for done in again for target in done.json()["targets"]] == [[]] * len(documents)
