"""What judging adds to a revision: the same upgrade on a database that holds a table, and on an empty one.

An empty database is not judged, so that the difference is listing, reading and judging. Bar: 10 ms a revision, the
fixed cost (imports, the looks at the catalog) included. Median of 3 pairs. Exit status 1 over the bar.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
from benchmarks.bench_overhead import REVISIONS, make_project
from benchmarks.paired import pairs, timed

_BIN = Path(sys.executable).parent
_BAR = 0.010


def run(folder: Path, server: TemporaryServer, name: str, *, empty: bool) -> float:
    """Seconds to migrate a fresh database."""
    server.create_database(name)
    if not empty:
        with server.connect(name) as connection:
            connection.execute("CREATE TABLE there_before (id int)")
    command = [_BIN / "alembic-safe", "upgrade", "--no-backup=benchmark", "--quiet"]
    environment = {**os.environ, "BENCH_URL": server.url("psycopg", name)}

    def execute() -> None:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr)

    return timed(execute)


def main() -> int:
    """Measure and print; the exit status."""
    binaries = max(find_binaries(), key=lambda found: found.major)
    with tempfile.TemporaryDirectory() as folder, TemporaryServer(binaries, durable=True) as server:
        project = make_project(Path(folder))
        count = iter(range(100))
        measured = pairs(
            lambda: run(project, server, f"judged{next(count)}", empty=False),
            lambda: run(project, server, f"empty{next(count)}", empty=True),
            count=3,
        )
    cost = (measured.median_ours - measured.median_theirs) / REVISIONS
    print(
        f"{REVISIONS} revisions: judged {measured.median_ours:.2f} s, not judged {measured.median_theirs:.2f} s:"
        f" {cost * 1000:.1f} ms a revision, bar {_BAR * 1000:.0f} ms (PostgreSQL {binaries.major})"
    )
    return int(cost > _BAR)


if __name__ == "__main__":
    sys.exit(main())
