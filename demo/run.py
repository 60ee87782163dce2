"""`make demo`: the example project, for real, on SQLite and then on a PostgreSQL from a wheel.

In a temporary copy: the first release is migrated and filled with a few thousand rows; then the pending
revisions are planned, applied after a backup, and looked at. Every command is shown as it is typed; the first
that ends otherwise than it should ends the demo.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

from alembic_safe.databases.postgresql.server import TemporaryServer, choose, find_binaries

_SHOP = Path(__file__).parents[1] / "migrations_examples" / "shop"
_CUSTOMERS = 3000
# title, command, and its exit status where that is not 0
_STEPS: tuple[tuple[Any, ...], ...] = (
    ("The first release of the shop, and its customers", "alembic-safe upgrade 0002"),
    ("", f"python -m shop.seed {_CUSTOMERS}"),
    ("What would run now, which locks it holds, and what is found in it", "alembic-safe plan"),
    ("All at once is refused: a column would go that running code still uses", "alembic-safe upgrade", 3),
    ("The main job: lock, backup, revisions one by one, reading back", "alembic-safe upgrade 0009"),
    (
        "A release later the old column goes. This shop has had one release only, so a person says it",
        "alembic-safe upgrade --allow 'contract-not-proven=nobody runs the first release any more'",
    ),
    ("Where the database is, and what happened to it", "alembic-safe status"),
    ("", "alembic-safe history"),
    ("The backup that was made first: the way back", "alembic-safe backup list"),
    ("", "alembic-safe backup verify"),
    ("And the models agree with the database", "alembic check"),
)


def main() -> None:
    """Run the demo on both databases."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="alembic-safe-demo-") as folder:
        on_sqlite = Path(folder) / "sqlite"
        _demonstrate("SQLite", on_sqlite, f"sqlite:///{on_sqlite}/shop.db")
        binaries = choose(find_binaries())
        with TemporaryServer(binaries) as server:
            server.create_database("shop")
            name = f"PostgreSQL {binaries.version} ({binaries.origin})"
            _demonstrate(name, Path(folder) / "postgresql", server.url("psycopg", "shop"))
    print(f"\nThe demo passed in {time.monotonic() - began:.0f} s.")


def _demonstrate(database: str, project: Path, url: str) -> None:
    shutil.copytree(_SHOP, project, ignore=shutil.ignore_patterns("*.db*", "__pycache__", ".alembic-safe"))
    print(f"\n=== {database}", flush=True)
    for title, command, *further in _STEPS:
        (expected,) = further or (0,)
        if title:
            print(f"\n# {title}")
        print(f"$ {command}", flush=True)
        done = subprocess.run(_words(command), cwd=project, env=_environment(url), check=False)
        if done.returncode != expected:
            print(f"\nThe demo failed: `{command}` on {database} ended with {done.returncode}.", flush=True)
            sys.exit(max(done.returncode, 1))


def _words(command: str) -> list[str]:
    """The command's words, its program the one installed beside this Python."""
    program, *rest = shlex.split(command)
    return [str(Path(sysconfig.get_path("scripts")) / program), *rest]


def _environment(url: str) -> dict[str, str]:
    """Ours, with the shop's database, and without what would lead the commands elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "ALEMBIC_SAFE_", "PYTHON"))}
    return {**kept, "SHOP_DATABASE_URL": url}


if __name__ == "__main__":
    main()
