"""What the guard costs a run that nobody is in the way of: the same upgrade with and without it, in turn.

Bar: the median of the pairs' ratios is at most 1.03. Both go through the Python API, since no flag turns the guard off.
300 small revisions on PostgreSQL, default server settings. Exit status 1 over the bar.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
from benchmarks.bench_overhead import REVISIONS, make_project, run
from benchmarks.paired import pairs

BAR = 1.03
_PROGRAM = """
import os, sys
from dataclasses import replace
from pathlib import Path
from alembic_safe.settings import load_settings
from alembic_safe.workflow import upgrade
settings = load_settings("upgrade", {"no-backup": "benchmark"}, os.environ, Path.cwd())
guard = replace(settings.apply.guard, enabled=sys.argv[1] == "guarded")
sys.exit(upgrade(replace(settings, apply=replace(settings.apply, guard=guard))).exit)
"""


def main() -> int:
    binaries = max(find_binaries(), key=lambda found: found.major)
    with tempfile.TemporaryDirectory() as name, TemporaryServer(binaries, durable=True) as server:
        folder = make_project(Path(name))
        count = iter(range(100))
        command = [sys.executable, "-c", _PROGRAM]
        measured = pairs(
            lambda: run([*command, "guarded"], folder, server, f"guarded{next(count)}"),
            lambda: run([*command, "alone"], folder, server, f"alone{next(count)}"),
            count=7,
        )
    print(
        f"{REVISIONS} revisions: guarded {measured.median_ours:.2f} s, without {measured.median_theirs:.2f} s,"
        f" ratio {measured.ratio:.3f}, bar {BAR}"
    )
    return int(measured.ratio > BAR)


if __name__ == "__main__":
    sys.exit(main())
