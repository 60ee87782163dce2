"""What other linters stop of the hazard sets: `python -m benchmarks.score_peers FOLDER [SET ...]`.

FOLDER holds their commands: a venv with squawk-cli, alembic-guard, zdm, lockcheck, the linters on PyPI for alembic.
squawk gets the SQL that alembic renders of the plan, one file a revision, as its documentation says; the others get
the plan's files. Exit status 0 passes a case. What alembic cannot render squawk never sees: it counts as passed.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path

import alembic.command
import alembic.config

from tests.support.hazard_sets import Case, cases, sets, write_project

# its rules of style, and those that ask for what a runner sets
_NOT_HAZARDS = (
    "require-timeout-settings,prefer-robust-stmts,prefer-bigint-over-int,prefer-bigint-over-smallint,prefer-text-field,"
    "prefer-identity,prefer-timestamptz,ban-char-field,require-table-schema"
)
Stops = Callable[[Path, list[Path]], bool]


def main() -> int:
    """Print a line for each tool and set."""
    bin_ = Path(sys.argv[1])
    chosen = [case for name in sys.argv[2:] or sets() for case in cases(name)]
    tools: dict[str, Stops] = {
        "squawk": lambda folder, _: _squawk(bin_ / "squawk", folder),
        "alembic-guard": lambda _, files: _fails([bin_ / "alembic-guard", "--strict", *files]),
        "zdm": lambda _, files: _fails([bin_ / "zdm", *files]),
        "lockcheck": lambda _, files: _fails([bin_ / "lockcheck", *files]),
    }
    for name, stops in tools.items():
        if (bin_ / name).exists():
            print(_line(name, stops, chosen), flush=True)
    return 0


def _line(name: str, stops: Stops, chosen: Sequence[Case]) -> str:
    unsafe, safe = [], []
    began = time.monotonic()
    for case in chosen:
        with tempfile.TemporaryDirectory() as folder:
            write_project(case, Path(folder))
            plan = sorted((Path(folder) / "migrations/versions").glob("*.py"))
            plan = [path for path in plan if not path.name.startswith("applied")][-len(case.judged) :]
            (safe if case.safe else unsafe).append(stops(Path(folder), plan))
    seconds = (time.monotonic() - began) / len(chosen)
    return (
        f"{name}: stopped {sum(unsafe) / len(unsafe):.1%} of {len(unsafe)} unsafe, "
        f"{sum(safe) / len(safe):.1%} of {len(safe)} safe, {seconds:.2f} s a case"
    )


def _fails(command: Sequence[str | Path]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


def _squawk(program: Path, folder: Path) -> bool:
    config = alembic.config.Config(folder / "alembic.ini")
    text = io.StringIO()
    config.output_buffer = text
    try:
        with redirect_stdout(text):
            alembic.command.upgrade(config, "applied:head", sql=True)
    except Exception:
        return False
    files = []
    for number, part in enumerate(text.getvalue().split("-- Running upgrade")):
        file = folder / f"plan{number}.sql"
        own = ("BEGIN;", "COMMIT;")
        lines = (
            line
            for line in part.splitlines()[number > 0 :]
            if "alembic_version" not in line and line not in own
        )
        file.write_text("\n".join(lines))
        files.append(file)
    return _fails(
        [program, "--assume-in-transaction", "--pg-version", "17", "--exclude", _NOT_HAZARDS, *files]
    )


if __name__ == "__main__":
    sys.exit(main())
