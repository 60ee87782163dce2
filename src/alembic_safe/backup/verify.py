"""Verify a backup: both manifests, the checksum of every file, and the dump read whole again."""

from __future__ import annotations

import contextlib
import json
import stat
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from alembic_safe.backup.catalogue import find_folder, read_manifest
from alembic_safe.backup.files import checksum, size_of, sync_folder, walk, write_whole
from alembic_safe.backup.store import COPY, DUMP, MANIFEST, VERIFIED
from alembic_safe.databases import reading_tool
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import BackupFile, Manifest, TableContent, Verification
from alembic_safe.model.events import BackupProgress, EventSink, ignore

_OURS = frozenset({MANIFEST, COPY, VERIFIED})


def verify_backup(
    directory: Path,
    identifier: str,
    *,
    bindir: Path | None = None,
    sink: EventSink = ignore,
    tick: Callable[[], None] = lambda: None,
) -> Verification:
    """Verify a backup without its database; the outcome is also kept beside the manifest.

    Faults are in the value. Raises `BackupError` when it cannot be told: no such backup, a manifest of a
    newer format, no pg_restore that reads it.
    """
    folder = find_folder(directory, identifier)
    began, at = time.monotonic(), datetime.now(timezone.utc)
    progress = _progress(folder, sink, tick)
    manifest, faults = read_manifest(folder)
    if manifest is not None:
        # The tool before the work: without it nothing can be said in the end.
        reader = reading_tool(manifest.engine, manifest.tool_version, bindir)
        faults += _files(folder, manifest, progress)
        if not faults:
            try:
                faults += _contents(manifest.tables, reader.read(folder / DUMP, tick=progress))
            except BackupError as error:
                faults += (f"{DUMP}: {error.message}",)
    verification = Verification(identifier, at, time.monotonic() - began, faults)
    _keep(folder, verification)
    return verification


def _files(folder: Path, manifest: Manifest, tick: Callable[[], None]) -> tuple[str, ...]:
    there = {name: found for name, found in walk(folder) if name not in _OURS}
    faults = []
    for file in manifest.files:
        found = there.pop(file.name, None)
        if found is None:
            faults.append(f"{file.name}: missing")
        elif not stat.S_ISREG(found.st_mode):
            faults.append(f"{file.name}: not a file any more")
        elif found.st_size != file.size:
            what = "truncated" if found.st_size < file.size else "grown"
            faults.append(f"{file.name}: {what}: {found.st_size} bytes, {file.size} were written")
        elif fault := _changed(folder, file, tick):
            faults.append(fault)
    faults += [f"{name}: added since" for name in there]
    return tuple(faults)


def _changed(folder: Path, file: BackupFile, tick: Callable[[], None]) -> str:
    try:
        now = checksum(folder, file.name, tick)
    except OSError as error:
        return f"{file.name}: cannot be read: {error.strerror}"
    return "" if now == file else f"{file.name}: changed: its checksum differs"


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


def _progress(folder: Path, sink: EventSink, tick: Callable[[], None]) -> Callable[[], None]:
    began = told = time.monotonic()
    size = size_of(folder)

    def progress() -> None:
        nonlocal told
        tick()
        if time.monotonic() - told >= 0.2:
            told = time.monotonic()
            sink(BackupProgress("verify", size, told - began))

    return progress


def _keep(folder: Path, verification: Verification) -> None:
    """Beside the manifest; a backup on a read-only disk is verified all the same."""
    told = {
        "at": verification.at.isoformat(),
        "how": "checksums and read",
        "duration": verification.duration,
        "faults": list(verification.faults),
    }
    with contextlib.suppress(OSError):
        write_whole(folder / VERIFIED, (json.dumps(told, indent=1) + "\n").encode())
        sync_folder(folder)
