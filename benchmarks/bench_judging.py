"""What judging adds to a revision: the same upgrade on a database that holds a table, and on an empty one.

An empty database is not judged, so that the difference is listing, reading and judging. Bar: 10 ms a revision, the
fixed cost (imports, the looks at the catalog) included. Median of 3 pairs. Exit status 1 over the bar.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
from benchmarks.bench_overhead import REVISIONS, make_project, run
from benchmarks.paired import pairs

_COMMAND = [
    str(Path(sys.executable).parent / "alembic-safe"), "upgrade", "--no-backup=benchmark", "--quiet",
]  # fmt: skip
_THERE_BEFORE = "CREATE TABLE there_before (id int)"
_BAR = 0.010


def main() -> int:
    """Measure and print; the exit status."""
    binaries = max(find_binaries(), key=lambda found: found.major)
    with tempfile.TemporaryDirectory() as folder, TemporaryServer(binaries, durable=True) as server:
        project = make_project(Path(folder))
        count = iter(range(100))
        measured = pairs(
            lambda: run(_COMMAND, project, server, f"judged{next(count)}", _THERE_BEFORE),
            lambda: run(_COMMAND, project, server, f"empty{next(count)}"),
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
