"""The backups in a directory, as their manifests tell. Junk beside them is named and does no harm."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

from alembic_safe.backup.manifest import decode
from alembic_safe.backup.store import COPY, MANIFEST, PARTIAL, VERIFIED
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import Manifest
from alembic_safe.model.results import BackupListing


def list_backups(
    directory: Path, *, now: datetime | None = None
) -> tuple[tuple[BackupListing, ...], tuple[str, ...]]:
    """The backups, newest first, and what cannot be read as one ("name: why"). No directory, no backups."""
    now = now or datetime.now(timezone.utc)
    found, unreadable = [], []
    for folder in _folders(directory):
        try:
            found.append(_listing(folder, now))
        except BackupError as error:
            unreadable.append(f"{folder.name}: {error.message}")
    found.sort(key=lambda listing: (listing.manifest.began, listing.manifest.id), reverse=True)
    return tuple(found), tuple(unreadable)


def find_backup(directory: Path, identifier: str, *, now: datetime | None = None) -> BackupListing:
    """The backup of that id. Raises `BackupError` when there is none, or its manifest cannot be read."""
    folder = find_folder(directory, identifier)
    try:
        return _listing(folder, now or datetime.now(timezone.utc))
    except BackupError as error:
        raise BackupError(f"backup {identifier}: {error.message}", hint=error.hint) from error


def find_folder(directory: Path, identifier: str) -> Path:
    """The folder of the backup of that id, whatever its state. Raises `BackupError` when there is none."""
    for folder in _folders(directory):
        if folder.name == identifier:
            return folder
    raise BackupError(
        f"there is no backup {identifier} in {directory}", hint="See `alembic-safe backup list`."
    )


def read_manifest(folder: Path) -> tuple[Manifest | None, tuple[str, ...]]:
    """The manifest, from whichever copy is sound, and what is wrong with the copies ("name: why").

    Raises `BackupError` when a copy is of a newer format: that is no fault of the backup's.
    """
    sound: dict[str, Manifest] = {}
    faults = []
    for name in (MANIFEST, COPY):
        try:
            sound[name] = decode((folder / name).read_bytes())
        except FileNotFoundError:
            faults.append(f"{name}: missing")
        except OSError as error:
            faults.append(f"{name}: cannot be read: {error.strerror}")
        except BackupError as error:
            if error.message.startswith("is of format"):
                raise BackupError(f"{name} {error.message}", hint=error.hint) from error
            faults.append(f"{name}: {error.message}")
    if len(sound) == 2 and sound[MANIFEST] != sound[COPY]:
        faults.append(f"{COPY}: differs from {MANIFEST}")
    for manifest in sound.values():
        if manifest.id != folder.name:
            faults.append(f"{MANIFEST}: is of the backup {manifest.id}")
            break
    return next(iter(sound.values()), None), tuple(faults)


def _listing(folder: Path, now: datetime) -> BackupListing:
    manifest, faults = read_manifest(folder)
    if manifest is None:
        missing = all(fault.endswith(": missing") for fault in faults)
        raise BackupError(
            "has no manifest: not a backup, or never finished" if missing else "; ".join(faults)
        )
    age = (now - manifest.ended).total_seconds()
    return BackupListing(manifest, str(folder), age, *_verified(folder))


def _verified(folder: Path) -> tuple[datetime | None, tuple[str, ...]]:
    """When it was last verified, if that went well, and the faults that were found."""
    try:
        told = json.loads((folder / VERIFIED).read_bytes())
        if told["faults"]:
            return None, tuple(map(str, told["faults"]))
        return datetime.fromisoformat(told["at"]), ()
    except (OSError, ValueError, KeyError, TypeError):
        return None, ()


def _folders(directory: Path) -> list[Path]:
    try:
        entries = sorted(directory.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BackupError(f"the backup directory {directory} cannot be read: {error.strerror}") from error
    return [
        path
        for path in entries
        if not path.name.startswith(".") and not path.name.endswith(PARTIAL) and path.is_dir()
    ]
