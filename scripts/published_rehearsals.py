"""`rehearse --from base` over published histories: `python -m scripts.published_rehearsals FOLDER [PROJECT ...]`.

Installs as `published_histories` does, and says of each project how many revisions ran, with how many statements, how
many of these have their line, and how many revisions `alembic upgrade base:heads --sql` would not have rendered.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.published_histories import PROJECTS, Project, document_of, prepare

# its env.py runs within the application, as its own command `superset db upgrade` has it
_SUPERSET = """import runpy
from superset.app import create_app

with create_app().app_context():
    runpy.run_path("@SITE@/superset/migrations/env.py")
"""
_NEUTRON = """import runpy
from alembic import context
from neutron.db.migration.cli import CONF

CONF(["upgrade", "heads"], project="neutron", default_config_files=[])
CONF.set_override("connection", "postgresql+psycopg2://nowhere.invalid/none", group="database")
context.config.neutron_config = CONF
runpy.run_path("@SITE@/neutron/db/migration/alembic_migrations/env.py")
"""
MORE = (
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
)


def rehearse(project: Project, folder: Path) -> dict[str, Any]:
    """The document of `rehearse --from base` with its seconds, and how alembic's own --sql ends."""
    ready = prepare(project, folder)
    document = document_of(ready, "rehearse", "--from", "base", "--dialect", "postgresql")
    sql = subprocess.run(
        [ready.python, "-m", "alembic", "-c", "alembic.ini", "upgrade", "head", "--sql"],
        cwd=ready.folder,
        env=ready.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    document["sql"] = (
        "renders" if sql.returncode == 0 else (sql.stderr.strip().splitlines() or ["?"])[-1][:80]
    )
    return document


def told(name: str, document: dict[str, Any]) -> str:
    """One row of the table."""
    revisions = [one for target in document["targets"] for one in target["revisions"]]
    statements = [one for revision in revisions for one in revision["statements"]]
    lines = sum(one["source"] is not None for one in statements)
    looked = sum(one["traced"] for one in statements)
    ended = "all" if document["exit"] != 5 else (document["error"] or {}).get("message", "?")[:120]
    return (
        f"| {name} | {len(revisions)} | {len(statements)} | {lines} | {looked} | {document['seconds']:.0f} |"
        f" {ended} | {document['sql']} |"
    )


def main(folder: Path, names: list[str]) -> None:
    """Print a row for each project as it ends."""
    print(
        "| project | revisions | statements | with their line | looked into | seconds | ran | alembic --sql |"
    )
    print("|---|---:|---:|---:|---:|---:|---|---|", flush=True)
    for project in (*PROJECTS, *MORE):
        if not names or project.name in names:
            print(told(project.name, rehearse(project, folder)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2:])
