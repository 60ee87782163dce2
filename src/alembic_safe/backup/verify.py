"""Verify a backup: both manifests, the checksum of every file, and the dump read whole again."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from alembic_safe.backup.catalogue import read_manifest
from alembic_safe.backup.encryption import is_encrypted, recipients_of
from alembic_safe.backup.reading import dump_at_hand
from alembic_safe.backup.store import DUMP, OWN_FILES, VERIFIED, Store, StoredFile, Tick, require
from alembic_safe.databases import DumpReader, reading_tool
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import BackupFile, Manifest, TableContent, Verification
from alembic_safe.model.events import BackupProgress, EventSink, ignore


def verify_backup(
    store: Store,
    identifier: str,
    *,
    bindir: Path | None = None,
    identity: Path | None = None,
    sink: EventSink = ignore,
    tick: Callable[[], None] = lambda: None,
) -> Verification:
    """Verify a backup without its database; the outcome is also kept beside the manifest.

    Of one that a command of the user's made there is only the manifest to check: the rest is its tool's to say.
    Faults are in the value. Raises `BackupError` when it cannot be told: no such backup, a manifest of a
    newer format, no pg_restore that reads it.
    """
    require(store, identifier)
    began, at = time.monotonic(), datetime.now(timezone.utc)
    manifest, faults = read_manifest(store, identifier)
    notes: tuple[str, ...] = ()
    if manifest is not None and manifest.engine != "external":
        progress = _progress(manifest.size, sink, tick)
        # The tool before the work: without it nothing can be said in the end.
        reader = reading_tool(manifest.engine, manifest.tool_version, bindir)
        faults += check_files(store, identifier, manifest, progress)
        if not faults and is_encrypted(manifest) and identity is None:
            notes = (f"its contents were not read: they are encrypted to {recipients_of(manifest)}",)
        elif not faults:
            faults += _read(store, identifier, manifest, reader, identity, progress)
    verification = Verification(identifier, at, time.monotonic() - began, faults, notes)
    _keep(store, verification)
    return verification


def check_files(store: Store, identifier: str, manifest: Manifest, tick: Tick) -> tuple[str, ...]:
    """What is wrong with the backup's files by their sizes and checksums: each named, empty when nothing is."""
    there = {file.name: file for file in store.files(identifier) if file.name not in OWN_FILES}
    faults = []
    for file in manifest.files:
        found = there.pop(file.name, None)
        fault = _missing_or_resized(file, found) or _changed(store, identifier, file, tick)
        if fault:
            faults.append(fault)
    faults += [f"{name}: added since" for name in there]
    return tuple(faults)


def _missing_or_resized(file: BackupFile, found: StoredFile | None) -> str:
    if found is None:
        return f"{file.name}: missing"
    if not found.regular:
        return f"{file.name}: not a file any more"
    if found.size != file.size:
        what = "truncated" if found.size < file.size else "grown"
        return f"{file.name}: {what}: {found.size} bytes, {file.size} were written"
    return ""


def _changed(store: Store, identifier: str, file: BackupFile, tick: Tick) -> str:
    try:
        now = store.checksum(identifier, file.name, tick)
    except OSError as error:
        return f"{file.name}: cannot be read: {error.strerror or error}"
    return "" if now == file else f"{file.name}: changed: its checksum differs"


def _read(
    store: Store,
    identifier: str,
    manifest: Manifest,
    reader: DumpReader,
    identity: Path | None,
    tick: Tick,
) -> tuple[str, ...]:
    try:
        with dump_at_hand(store, replace(manifest, id=identifier), identity, tick) as folder:
            return _contents(manifest.tables, reader.read(folder, tick=tick))
    except BackupError as error:
        return (f"{DUMP}: {error.message}",)


def _contents(written: tuple[TableContent, ...], read: tuple[TableContent, ...]) -> tuple[str, ...]:
    before = {table.name: table.rows for table in written}
    now = {table.name: table.rows for table in read}
    return tuple(
        f"{DUMP}: table {name}: {_rows(now.get(name))}, {_rows(before.get(name))} in the manifest"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    )


def _rows(count: int | None) -> str:
    return "no such table" if count is None else f"{count} rows"


def _progress(size: int, sink: EventSink, tick: Tick) -> Tick:
    began = told = time.monotonic()

    def progress() -> None:
        nonlocal told
        tick()
        if time.monotonic() - told >= 0.2:
            told = time.monotonic()
            sink(BackupProgress("verify", size, told - began))

    return progress


def _keep(store: Store, verification: Verification) -> None:
    """Beside the manifest; a backup on a read-only disk is verified all the same."""
    told = {
        "at": verification.at.isoformat(),
        "how": "checksums" if verification.notes else "checksums and read",
        "duration": verification.duration,
        "faults": list(verification.faults),
        "notes": list(verification.notes),
    }
    with contextlib.suppress(OSError):
        store.keep(verification.backup, VERIFIED, (json.dumps(told, indent=1) + "\n").encode())
