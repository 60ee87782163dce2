"""The published projects whose histories are reviewed and rehearsed, and what each needs to be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Project:
    """What to install, where its script directory is below site-packages, and what its code wants to find.

    In texts `@RUN@` is the folder to work in, `@SITE@` the site-packages. `more` are further lines of its alembic.ini,
    `url` is what stands there for a database ("": nothing does), which `nowhere.invalid/none` is everywhere. `python`
    is the Python that it needs, where it is another one than this.
    """

    name: str
    require: tuple[str, ...]
    location: str
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    more: str = ""
    url: str = "postgresql+psycopg2://nowhere.invalid/none"
    python: str = ""


# its env.py runs within the application, as its own command `superset db upgrade` has it
_SUPERSET = """import runpy
from superset.app import create_app

with create_app().app_context():
    runpy.run_path("@SITE@/superset/migrations/env.py")
"""
# its env.py asks the event loop that its own command runs for a connection
_PREFECT = """import runpy
import anyio


async def run():
    path = "@SITE@/prefect/server/database/_migrations/env.py"
    await anyio.to_thread.run_sync(runpy.run_path, path)


anyio.run(run)
"""
_NEUTRON = """import runpy
from alembic import context
from neutron.db.migration.cli import CONF

CONF(["upgrade", "heads"], project="neutron", default_config_files=[])
CONF.set_override("connection", "postgresql+psycopg2://nowhere.invalid/none", group="database")
context.config.neutron_config = CONF
runpy.run_path("@SITE@/neutron/db/migration/alembic_migrations/env.py")
"""
_RUCIO = """[common]
logdir = /tmp
loglevel = INFO
[database]
default = postgresql+psycopg2://nowhere.invalid/none
schema = rucio
[policy]
permission = generic
schema = generic
"""
PROJECTS = (
    Project(
        "apache-airflow-core",
        ("apache-airflow-core==3.1.3", "asyncpg"),
        "airflow/migrations",
        env={
            "AIRFLOW_HOME": "@RUN@",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://nowhere.invalid/none",
        },
    ),
    Project(
        "rucio",
        ("rucio",),
        "rucio/db/sqla/migrate_repo",
        {"rucio.cfg": _RUCIO},
        {"RUCIO_CONFIG": "@RUN@/rucio.cfg"},
    ),
    Project("indico", ("indico", "setuptools<81"), "indico/migrations"),
    Project("privacyidea", ("privacyidea",), "privacyidea/migrations"),
    Project("octavia", ("octavia",), "octavia/db/migration/alembic_migrations"),
    Project("ironic", ("ironic",), "ironic/db/sqlalchemy/alembic"),
    Project("manila", ("manila",), "manila/db/migrations/alembic"),
    Project("mlflow", ("mlflow==3.18.0",), "mlflow/store/db_migrations"),
    Project(
        "neutron",
        ("neutron",),
        "@RUN@/migrations",
        {"migrations/env.py": _NEUTRON},
        more="version_locations = @SITE@/neutron/db/migration/alembic_migrations/versions\n"
        "recursive_version_locations = true",
    ),
    Project(
        "dstack",
        ("dstack[server]",),
        "dstack/_internal/server/migrations",
        env={
            "DSTACK_DATABASE_URL": "postgresql+asyncpg://nowhere.invalid/none",
            "DSTACK_SERVER_DIR": "@RUN@/home",
        },
        more="recursive_version_locations = true",
    ),
    Project(
        "apache-superset",
        ("apache-superset", "setuptools<81", "marshmallow<4"),
        "@RUN@/migrations",
        {
            "migrations/env.py": _SUPERSET,
            "superset_config.py": 'SECRET_KEY = "x"\n'
            'SQLALCHEMY_DATABASE_URI = "postgresql+psycopg2://nowhere.invalid/none"\n',
        },
        {"SUPERSET_CONFIG_PATH": "@RUN@/superset_config.py"},
        more="version_locations = @SITE@/superset/migrations/versions",
    ),
    Project("ckan", ("ckan", "blinker"), "ckan/migration"),
    # its own command sets CONF before env.py is executed; without it revisions run without env.py
    Project("tacker", ("tacker",), "tacker/db/migration/alembic_migrations"),
    Project(
        "prefect",
        ("prefect",),
        "@RUN@/migrations",
        {"migrations/env.py": _PREFECT},
        env={
            "PREFECT_HOME": "@RUN@/home",
            "PREFECT_API_DATABASE_CONNECTION_URL": "postgresql+asyncpg://nobody:none@nowhere.invalid/none",
        },
        more="version_locations = @SITE@/prefect/server/database/_migrations/versions/postgresql",
    ),
    Project("ethyca-fides", ("ethyca-fides", "setuptools<81"), "fides/api/alembic/migrations"),
    # its revisions are for MySQL and SQLite: what they would do on PostgreSQL is asked of nobody, but nothing may break
    Project("zenml", ("zenml[local]",), "zenml/zen_stores/migrations"),
)
