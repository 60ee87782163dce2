"""The backups in a store, as their manifests tell. Junk beside them is named and does no harm."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from alembic_safe.backup.manifest import decode
from alembic_safe.backup.restore.proof import read_proof
from alembic_safe.backup.store import COPY, MANIFEST, UNFINISHED, VERIFIED, Store, require
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import Manifest, Verification
from alembic_safe.model.restores import RestoreProof
from alembic_safe.model.results import BackupListing


def list_backups(
    store: Store, *, now: datetime | None = None
) -> tuple[tuple[BackupListing, ...], tuple[str, ...]]:
    """The backups, newest first, and what cannot be read as one ("name: why"). No store yet, no backups."""
    now = now or datetime.now(timezone.utc)
    found, unreadable = [], []
    for name in store.names():
        try:
            found.append(_listing(store, name, now))
        except BackupError as error:
            unreadable.append(f"{name}: {error.message}")
    found.sort(key=lambda listing: (listing.manifest.began, listing.manifest.id), reverse=True)
    return tuple(found), tuple(unreadable)


def find_backup(store: Store, identifier: str, *, now: datetime | None = None) -> BackupListing:
    """The backup of that id. Raises `BackupError` when there is none, or its manifest cannot be read."""
    require(store, identifier)
    try:
        return _listing(store, identifier, now or datetime.now(timezone.utc))
    except BackupError as error:
        raise BackupError(f"backup {identifier}: {error.message}", hint=error.hint) from error


def read_manifest(store: Store, identifier: str) -> tuple[Manifest | None, tuple[str, ...]]:
    """The manifest, from whichever copy is sound, and what is wrong with the copies ("name: why").

    Raises `BackupError` when a copy is of a newer format: that is no fault of the backup's.
    """
    sound: dict[str, Manifest] = {}
    faults = []
    for name in (MANIFEST, COPY):
        try:
            sound[name] = decode(store.read(identifier, name))
        except FileNotFoundError:
            faults.append(f"{name}: missing")
        except OSError as error:
            faults.append(f"{name}: cannot be read: {error.strerror or error}")
        except BackupError as error:
            if error.message.startswith("is of format"):
                raise BackupError(f"{name} {error.message}", hint=error.hint) from error
            faults.append(f"{name}: {error.message}")
    if f"{MANIFEST}: missing" in faults and _unfinished(store, identifier):
        return None, (f"{MANIFEST}: missing", f"{UNFINISHED}: it was not finished")
    if len(sound) == 2 and sound[MANIFEST] != sound[COPY]:
        faults.append(f"{COPY}: differs from {MANIFEST}")
    for manifest in sound.values():
        if manifest.id != identifier:
            faults.append(f"{MANIFEST}: is of the backup {manifest.id}")
            break
    return next(iter(sound.values()), None), tuple(faults)


def _listing(store: Store, identifier: str, now: datetime) -> BackupListing:
    manifest, faults = read_manifest(store, identifier)
    if manifest is None:
        missing = all(fault.endswith((": missing", " not finished")) for fault in faults)
        raise BackupError(
            "has no manifest: not a backup, or never finished" if missing else "; ".join(faults)
        )
    return BackupListing(
        manifest,
        store.path(identifier),
        (now - manifest.ended).total_seconds(),
        *_verified(store, identifier),
        restored=read_proof(store, identifier),
    )


def listing_of(
    store: Store, manifest: Manifest, verification: Verification, proof: RestoreProof | None
) -> BackupListing:
    """As `find_backup` would tell of one that was just verified, and restored if `proof`: its manifest is known."""
    return BackupListing(
        manifest,
        store.path(manifest.id),
        (datetime.now(timezone.utc) - manifest.ended).total_seconds(),
        verification.at if verification.good else None,
        verification.faults,
        proof or read_proof(store, manifest.id),
    )


def _unfinished(store: Store, identifier: str) -> bool:
    """Whether an upload or a removal was killed; a manifest that is lost later leaves no such mark."""
    try:
        store.read(identifier, UNFINISHED)
    except OSError:
        return False
    return True


def _verified(store: Store, identifier: str) -> tuple[datetime | None, tuple[str, ...]]:
    """When it was last verified, if that went well, and the faults that were found."""
    try:
        told = json.loads(store.read(identifier, VERIFIED))
        if told["faults"]:
            return None, tuple(map(str, told["faults"]))
        return datetime.fromisoformat(told["at"]), ()
    except (OSError, ValueError, KeyError, TypeError):
        return None, ()
