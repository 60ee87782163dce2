"""`rehearse --from base` over published histories: `python -m scripts.published_rehearsals FOLDER [PROJECT ...]`.

Installs as `published_histories` does, and says of each project how many revisions ran, with how many statements, how
many of these have their line, and how many revisions `alembic upgrade base:heads --sql` would not have rendered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from scripts.published_histories import _INI, PROJECTS, ROOT, Project, install


def rehearse(project: Project, folder: Path) -> dict[str, Any]:
    """The document of `rehearse --from base` with its seconds, and how alembic's own --sql ends."""
    venv, run = install(project, folder), folder / "run-rehearse" / project.name
    run.mkdir(parents=True, exist_ok=True)
    site = next(venv.glob("lib/python*/site-packages"))
    (run / "alembic.ini").write_text(_INI.format(location=site / project.location))
    for name, text in project.files.items():
        (run / name).write_text(text)
    extra = {name: text.replace("@RUN@", str(run)) for name, text in project.env.items()}
    environment = {**os.environ, **extra, "PYTHONPATH": str(ROOT / "src")}
    python = venv / "bin/python"
    words = ["rehearse", "-c", "alembic.ini", "--from", "base", "--dialect", "postgresql", "--format", "json"]
    began = time.monotonic()
    done = subprocess.run(
        [python, "-m", "alembic_safe", *words],
        cwd=run,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    (run / "stderr.txt").write_text(done.stderr)
    (run / "rehearse.json").write_text(done.stdout)
    document: dict[str, Any] = json.loads(done.stdout)
    document["seconds"] = time.monotonic() - began
    sql = subprocess.run(
        [python, "-m", "alembic", "-c", "alembic.ini", "upgrade", "head", "--sql"],
        cwd=run, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
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
    for project in PROJECTS:
        if not names or project.name in names:
            print(told(project.name, rehearse(project, folder)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2:])
