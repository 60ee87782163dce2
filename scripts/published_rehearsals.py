"""`rehearse --from base` over published histories: `python -m scripts.published_rehearsals FOLDER [PROJECT ...]`.

Installs as `published_histories` does, and says of each project how many revisions ran, with how many statements, how
many of these have their line, and how many revisions `alembic upgrade base:heads --sql` would not have rendered.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.published_histories import document_of, prepare
from scripts.published_projects import PROJECTS, Project


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
    for project in PROJECTS:
        if not names or project.name in names:
            print(told(project.name, rehearse(project, folder)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2:])
