"""`rehearse --from base` over published histories: `python -m scripts.published_rehearsals FOLDER [PROJECT ...]`.

Installs as `published_histories` does, and says of each project how many revisions ran, with how many statements, how
many of these have their line, and how `alembic upgrade head --sql` ends. Where the rehearsal fails, alembic's own
`upgrade head` is run on an empty database, to tell whose fault that is.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from alembic_safe.databases.postgresql.server import TemporaryServer, choose, find_binaries
from scripts.published_histories import Ready, Where, document_of, prepare
from scripts.published_others import OTHERS
from scripts.published_projects import PROJECTS, Project


def rehearse(project: Project, folder: Path) -> dict[str, Any]:
    """The document of `rehearse --from base` with its seconds, and how alembic's own --sql ends."""
    ready = prepare(project, folder)
    document = document_of(ready, "rehearse", "--from", "base", "--dialect", "postgresql")
    document["sql"] = _alembic(ready, "upgrade", "head", "--sql") or "renders"
    document["alone"] = alone(project, folder, document.get("server", "")) if document["error"] else ""
    return document


def alone(project: Project, folder: Path, clone: str) -> str:
    """How alembic's own `upgrade heads` ends on an empty database of a server of the same major as the clone's."""
    found = re.search(r"PostgreSQL (\d+)", clone)
    binaries = choose(find_binaries(), int(found[1]) if found else None)
    with TemporaryServer(binaries, tcp=True) as server:
        server.create_database("none")
        given = server.keywords("none", tcp=True)
        where = Where(given["host"], int(given["port"]), given["user"], given["password"], "none")
        return _alembic(prepare(project, folder, where), "upgrade", "heads") or "succeeds"


def _alembic(ready: Ready, *words: str) -> str:
    done = subprocess.run(
        [ready.python, "-m", "alembic", "-c", "alembic.ini", *words],
        cwd=ready.folder,
        env=ready.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    (ready.folder / "alembic.stderr.txt").write_text(done.stderr)
    lines = done.stderr.strip().splitlines() or ["?"]
    said = [line for line in lines if re.match(r"[\w.]+(?:Error|Exception|Available|Exit)\b", line)]
    return "" if done.returncode == 0 else (said or lines)[-1][:120]


def told(name: str, document: dict[str, Any]) -> str:
    """One row of the table."""
    revisions = [one for target in document.get("targets", ()) for one in target["revisions"]]
    statements = [one for revision in revisions for one in revision["statements"]]
    lines = sum(one["source"] is not None for one in statements)
    looked = sum(one["traced"] for one in statements)
    ended = "all" if not document["error"] else document["error"]["message"][:160]
    return (
        f"| {name} | {len(revisions)} | {len(statements)} | {lines} | {looked} | {document['seconds']:.0f} |"
        f" {ended} | {document['alone']} | {document['sql']} |"
    )


def main(folder: Path, names: list[str]) -> None:
    """Print a row for each project as it ends."""
    print(
        "| project | revisions | statements | with their line | looked into | seconds | ran | alembic alone |"
        " alembic --sql |"
    )
    print("|---|---:|---:|---:|---:|---:|---|---|---|", flush=True)
    for project in (*PROJECTS, *OTHERS):
        if not names or project.name in names:
            print(told(project.name, rehearse(project, folder)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2:])
