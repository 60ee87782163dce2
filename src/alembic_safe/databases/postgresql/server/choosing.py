"""Which server programs a scratch runs on: the right major first, and among those one with the extensions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alembic_safe.databases.postgresql.server.binaries import Binaries

# one of contrib's, which distributions package apart from the server
_OF_CONTRIB = "btree_gist"
_SYSTEM = ("system", "PATH", "pg_config", "given")


def for_scratch(
    found: Sequence[Binaries], major: int | None, extensions: Sequence[str] = ()
) -> Binaries | None:
    """The best of `found` that has all `extensions`; None where none has.

    Best is: the wanted major, else the nearest (of two the newer), else the newest; then one with contrib; then
    the machine's own before a wheel.
    """
    able = [one for one in found if all(has_extension(one, name) for name in extensions)]
    wanted = major if major is not None else max((one.major for one in found), default=0)

    def rank(one: Binaries) -> tuple[int, int, bool, bool]:
        return (
            abs(one.major - wanted),
            -one.major,
            not has_extension(one, _OF_CONTRIB),
            one.origin not in _SYSTEM,
        )

    return min(able, key=rank, default=None)


def has_extension(binaries: Binaries, name: str) -> bool:
    """Whether CREATE EXTENSION would find it: its control file lies in one of the usual places."""
    return any((folder / f"{name}.control").is_file() for folder in _extension_folders(binaries))


def _extension_folders(binaries: Binaries) -> tuple[Path, ...]:
    home = binaries.bindir.parent
    return (
        home / "share" / "extension",
        home / "share" / "postgresql" / "extension",
        # Debian's, where the programs are in /usr/lib/postgresql/MAJOR/bin
        Path(f"/usr/share/postgresql/{binaries.major}/extension"),
        Path(f"/usr/share/pgsql-{binaries.major}/extension"),
    )
