"""Verify a backup: both manifests, the checksum of every file, and the dump read whole again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from alembic_safe.backup.catalogue import read_manifest
from alembic_safe.backup.checking import check_files, fetched, not_at_hand
from alembic_safe.backup.encryption import is_encrypted, recipients_of
from alembic_safe.backup.reading import in_clear
from alembic_safe.backup.store import DUMP, VERIFIED, Store, Tick, require
from alembic_safe.databases import DumpReader, reading_tool
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import Manifest, TableContent, Verification
from alembic_safe.model.events import BackupProgress, EventSink, ignore
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome, and while its `with` lasts the dump of a good backup whose contents could be read.

    `fetching`: seconds that it took to have that here in clear.
    """

    verification: Verification
    manifest: Manifest | None = None
    dump: Path | None = None
    fetching: float = 0.0


def verify_backup(
    store: Store,
    identifier: str,
    *,
    bindir: Path | None = None,
    identity: Path | None = None,
    sink: EventSink = ignore,
    tick: Tick = lambda: None,
) -> Verification:
    """Verify a backup without its database; the outcome is also kept beside the manifest. Raises as `checking`."""
    with checking(store, identifier, bindir=bindir, identity=identity, sink=sink, tick=tick) as checked:
        return checked.verification


@contextmanager
def checking(
    store: Store,
    identifier: str,
    *,
    bindir: Path | None,
    identity: Path | None,
    sink: EventSink,
    tick: Tick,
) -> Iterator[Checked]:
    """Verify a backup, and have its dump at hand while that is of use.

    Of one that a command of the user's made there is only the manifest to check: the rest is its tool's to say.
    Faults are in the value. Raises `BackupError` when it cannot be told: no such backup, a manifest of a
    newer format, no pg_restore that reads it.
    """
    require(store, identifier)
    began, at = time.monotonic(), datetime.now(timezone.utc)
    manifest, faults = read_manifest(store, identifier)
    notes: tuple[str, ...] = ()
    dump, fetching = None, 0.0
    with ExitStack() as stack:
        if manifest is not None and manifest.engine != "external":
            work = _Work(stack, store, identifier, manifest, identity, _progress(manifest.size, sink, tick))
            # The tool before the work: without it nothing can be said in the end.
            reader = reading_tool(manifest.engine, manifest.tool_version, bindir)
            sealed = is_encrypted(manifest) and identity is None
            if faults or sealed:
                faults += check_files(store, identifier, manifest, work.tick)
            else:
                dump, faults = work.fetch()
                fetching = time.monotonic() - began
                faults = faults or work.read(dump, reader)
            if sealed and not faults:
                notes = (f"its contents were not read: they are encrypted to {recipients_of(manifest)}",)
        verification = Verification(identifier, at, time.monotonic() - began, faults, notes)
        _keep(store, verification)
        yield Checked(verification, manifest, dump, fetching)


@dataclass(frozen=True, slots=True)
class _Work:
    """One backup that is looked into; what is opened for it is closed by `stack`."""

    stack: ExitStack
    store: Store
    identifier: str
    manifest: Manifest
    identity: Path | None
    tick: Tick

    def fetch(self) -> tuple[Path | None, tuple[str, ...]]:
        """The dump in clear, or what is wrong."""
        opened = fetched(self.store, self.identifier, self.manifest, self.tick)
        found = self.stack.enter_context(opened)
        if found.folder is None or found.faults:
            return None, not_at_hand(found)
        clear = in_clear(
            self.store, replace(self.manifest, id=self.identifier), found.folder, self.identity, self.tick
        )
        try:
            return self.stack.enter_context(clear), ()
        except BackupError as error:
            return None, (f"{DUMP}: {error.message}",)

    def read(self, dump: Path | None, reader: DumpReader) -> tuple[str, ...]:
        """What its contents are not that the manifest says."""
        assert dump is not None
        try:
            return _contents(self.manifest.tables, reader.read(dump, tick=self.tick))
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
    with suppress(OSError):
        store.keep(verification.backup, VERIFIED, (json.dumps(told, indent=1) + "\n").encode())
