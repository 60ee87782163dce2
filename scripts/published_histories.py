"""`check --all` over the histories of published projects: `python -m scripts.published_histories FOLDER [PROJECT ...]`.

Each project is installed from PyPI with its dependencies into a venv of its own below FOLDER (3 GB), with what
alembic-safe needs; this checkout is what runs. Documents, a table by rule and severity, and the random sample that
docs/evidence/histories.md judges are written to FOLDER.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.published_projects import PROJECTS, Project

ROOT = Path(__file__).parents[1]
SEED, SAMPLE = 20261123, 50
AT_ONCE = 2
_OURS = (
    "psycopg[binary]",
    "psycopg2-binary",
    "alembic",
    "typer",
    "rich",
    "pydantic>=2.7",
    "pydantic-settings>=2.3",
    "sqlglot>=30,<31",
)
_URL = re.compile(r"//(?:[^/@\s]*@)?nowhere\.invalid/none")
_INI = """[alembic]
script_location = {location}
{url}
{more}
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
formatter = generic
[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
"""


def install(project: Project, folder: Path) -> Path:
    """The project's venv, made where it is not there yet."""
    venv = folder / project.name
    if not (venv / "bin/python").exists():
        subprocess.run([project.python or sys.executable, "-m", "venv", venv], check=True)
        pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *project.require, *_OURS], check=True)
    return venv


@dataclass(frozen=True, slots=True)
class Ready:
    """An installed project: its folder to work in, its Python, and the environment of its commands."""

    folder: Path
    python: Path
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Where:
    """The database that a project is set up for; nowhere at all, unless it is to be reached."""

    host: str = "nowhere.invalid"
    port: int = 5432
    user: str = "nobody"
    password: str = "none"
    name: str = "none"


NOWHERE = Where()


def prepare(project: Project, folder: Path, where: Where = NOWHERE) -> Ready:
    """Install the project below `folder`, and write what its history needs into the folder it is to run in."""
    venv = install(project, folder)
    run = folder / ("run" if where == NOWHERE else "run-alone") / project.name
    run.mkdir(parents=True, exist_ok=True)
    site = next(venv.glob("lib/python*/site-packages"))

    def fill(text: str) -> str:
        parts = {"@RUN@": run, "@SITE@": site, "@HOST@": where.host, "@PORT@": where.port}
        for name, part in {**parts, "@USER@": where.user, "@PASSWORD@": where.password}.items():
            text = text.replace(name, str(part))
        return text if where == NOWHERE else _URL.sub(_url_of(where), text)

    # an absolute location stands for itself
    location = site / fill(project.location)
    url = f"sqlalchemy.url = {project.url}" if project.url else ""
    (run / "alembic.ini").write_text(_INI.format(location=location, more=fill(project.more), url=fill(url)))
    for name, text in project.files.items():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text(fill(text))
    extra = {name: fill(text) for name, text in project.env.items()}
    return Ready(run, venv / "bin/python", {**os.environ, **extra, "PYTHONPATH": str(ROOT / "src")})


def _url_of(where: Where) -> str:
    return f"//{where.user}:{where.password}@{where.host}:{where.port}/{where.name}"


def document_of(ready: Ready, command: str, *words: str) -> dict[str, Any]:
    """The JSON document of a command in the project, with the seconds it took."""
    began = time.monotonic()
    done = subprocess.run(
        [ready.python, "-m", "alembic_safe", command, "-c", "alembic.ini", *words, "--format", "json"],
        cwd=ready.folder,
        env=ready.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    (ready.folder / f"{command}.stderr.txt").write_text(done.stderr)
    (ready.folder / f"{command}.json").write_text(done.stdout)
    document: dict[str, Any] = json.loads(done.stdout)
    document["seconds"] = time.monotonic() - began
    return document


def review(project: Project, folder: Path) -> dict[str, Any]:
    """The document of `check --all`, with the seconds it took and the exit status."""
    return document_of(prepare(project, folder), "check", "--all")


def table(documents: Mapping[str, Mapping[str, Any]]) -> str:
    """Findings by rule and severity for each project, as Markdown."""
    names = list(documents)
    counts: Counter[tuple[str, str, str]] = Counter()
    for name, document in documents.items():
        counts.update((found["rule"], found["severity"], name) for found in document["findings"])
    rows = sorted(
        {(severity, rule) for rule, severity, _ in counts}, key=lambda row: (_order(row[0]), row[1])
    )
    lines = [f"| rule | severity | {' | '.join(names)} |", f"|---|---|{'---:|' * len(names)}"]
    for severity, rule in rows:
        cells = [str(counts[rule, severity, name] or "") for name in names]
        lines.append(f"| `{rule}` | {severity} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _order(severity: str) -> int:
    return ("error", "warning", "note").index(severity)


def sample(documents: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A random choice of errors and warnings of all projects, the same for the same documents."""
    found = [
        {"project": name, **one, "sql": _statement(document, one)}
        for name, document in documents.items()
        for one in document["findings"]
        if one["severity"] != "note"
    ]
    found.sort(
        key=lambda one: (
            one["project"],
            one["revision"] or "",
            one["statement"] or 0,
            one["rule"],
            one["message"],
        )
    )
    return random.Random(SEED).sample(found, min(SAMPLE, len(found)))


def _statement(document: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    for revision in document["revisions"]:
        if revision["revision"]["id"] == found["revision"] and found["statement"]:
            for statement in revision["statements"]:
                if statement["ordinal"] == found["statement"]:
                    return str(statement["sql"])
    return None


def line(project: Project, document: Mapping[str, Any]) -> str:
    """What came of one project."""
    rules = Counter(found["rule"] for found in document["findings"])
    return (
        f"{project.name}: {len(document['revisions'])} revisions, {len(document['findings'])} findings, "
        f"{rules['revision-not-inspectable']} not inspectable, {rules['statement-not-understood']} not understood, "
        f"{document['seconds']:.1f} s, exit {document['exit']} {document.get('error') or ''}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all; 1 where a project could not be reviewed."""
    folder, *chosen = sys.argv[1:] if arguments is None else arguments
    home = Path(folder).resolve()
    documents, failed = {}, 0
    wanted = [project for project in PROJECTS if not chosen or project.name in chosen]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for project, document in zip(wanted, pool.map(lambda one: review(one, home), wanted), strict=True):
            failed += document.get("error") is not None
            print(line(project, document), flush=True)
            documents[project.name] = document
    (home / "table.md").write_text(table(documents))
    (home / "sample.json").write_text(json.dumps(sample(documents), indent=1))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
