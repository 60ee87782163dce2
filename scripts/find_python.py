"""Prints the oldest or the newest Python of this machine that alembic-safe supports; the argument says which.

Looked at: PATH, the installations beside the one that runs this, pyenv's, uv's and /opt. One that cannot make
a venv, or lacks sqlite3 or ssl, is passed over.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_OLDEST, _NEWEST = (3, 10), (3, 14)
_PROBE = "import ensurepip, sqlite3, ssl, sys, venv; print(*sys.version_info[:3], sys.executable)"


def main() -> int:
    """Print one path; exit status 1 when there is none."""
    which = {"oldest": min, "newest": max}[sys.argv[1]]
    found = {version: path for path in _candidates() if (version := _version(path)) is not None}
    if not found:
        print("no Python from 3.10 to 3.14 that can make a venv", file=sys.stderr)
        return 1
    print(found[which(found)])
    return 0


def _candidates() -> Iterator[Path]:
    names = ["python3", *(f"python3.{minor}" for minor in range(_OLDEST[1], _NEWEST[1] + 1))]
    home = Path(os.environ.get("HOME", "/nonexistent"))
    folders = [Path(folder) for folder in os.get_exec_path()]
    for parent in (
        Path(sys.base_prefix).parent,
        home / ".pyenv/versions",
        home / ".local/share/uv/python",
        Path("/opt"),
        Path("/opt/python"),
    ):
        folders += _inside(parent)
    for folder in folders:
        yield from (folder / name for name in names if os.access(folder / name, os.X_OK))


def _inside(parent: Path) -> list[Path]:
    try:
        return sorted(parent.glob("*/bin"))
    except OSError:  # another user's
        return []


def _version(path: Path) -> tuple[int, ...] | None:
    """Its version, when it is one we support and whole; pyenv's shims for missing versions fail here."""
    try:
        done = subprocess.run(
            [str(path), "-I", "-c", _PROBE], capture_output=True, text=True, timeout=20, check=False
        )
        version = tuple(int(word) for word in done.stdout.split()[:3])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return version if done.returncode == 0 and _OLDEST <= version[:2] <= _NEWEST else None


if __name__ == "__main__":
    sys.exit(main())
