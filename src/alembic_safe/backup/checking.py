"""Whether a backup's files are what its manifest says: read where they lie, or once they were fetched, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from alembic_safe.backup.files import checksum
from alembic_safe.backup.store import DUMP, OWN_FILES, Moved, Store, StoredFile, Tick
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import BackupFile, Manifest
from alembic_safe.quick import dataclass

Reading = Callable[[str], BackupFile]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A backup's folder on this machine, and what is wrong with its files.

    Without a folder nothing was fetched, or not all of it; `error` says why where no file of the store is at fault.
    """

    folder: Path | None
    faults: tuple[str, ...] = ()
    error: BackupError | None = None


@contextmanager
def fetched(
    store: Store, identifier: str, manifest: Manifest, tick: Tick, moved: Moved | None = None
) -> Iterator[Fetched]:
    """Fetch a backup that is as large as it should be, and compare what arrived: no byte is asked for twice.

    Raises `BackupError` where the store cannot be read at all.
    """
    with ExitStack() as stack:
        yield _fetched(stack, store, identifier, manifest, tick, moved or (lambda _: tick()))


def _fetched(
    stack: ExitStack, store: Store, identifier: str, manifest: Manifest, tick: Tick, moved: Moved
) -> Fetched:
    if _of_size(store, identifier, manifest)[1]:
        return Fetched(None, check_files(store, identifier, manifest, tick))
    try:
        folder = stack.enter_context(store.at_hand(identifier, moved))
    except BackupError as error:
        # no room here, or a file that cannot be read there: then it is named
        return Fetched(None, check_files(store, identifier, manifest, tick), error)
    sums = (_changed(file, lambda name: checksum(folder, name, tick)) for file in manifest.files)
    return Fetched(folder, tuple(fault for fault in sums if fault))


def check_files(store: Store, identifier: str, manifest: Manifest, tick: Tick) -> tuple[str, ...]:
    """What is wrong with the backup's files by their sizes and checksums: each named, empty when nothing is."""
    whole, faults = _of_size(store, identifier, manifest)
    sums = (_changed(file, lambda name: store.checksum(identifier, name, tick)) for file in whole)
    return (*(fault for fault in sums if fault), *faults)


def _of_size(
    store: Store, identifier: str, manifest: Manifest
) -> tuple[tuple[BackupFile, ...], tuple[str, ...]]:
    """The files that are there and as large as they were, and what is wrong with the others."""
    there = {file.name: file for file in store.files(identifier) if file.name not in OWN_FILES}
    whole, faults = [], []
    for file in manifest.files:
        if fault := _missing_or_resized(file, there.pop(file.name, None)):
            faults.append(fault)
        else:
            whole.append(file)
    return tuple(whole), (*faults, *(f"{name}: added since" for name in there))


def _missing_or_resized(file: BackupFile, found: StoredFile | None) -> str:
    if found is None:
        return f"{file.name}: missing"
    if not found.regular:
        return f"{file.name}: not a file any more"
    if found.size != file.size:
        what = "truncated" if found.size < file.size else "grown"
        return f"{file.name}: {what}: {found.size} bytes, {file.size} were written"
    return ""


def _changed(file: BackupFile, read: Reading) -> str:
    try:
        now = read(file.name)
    except OSError as error:
        return f"{file.name}: cannot be read: {error.strerror or error}"
    return "" if now == file else f"{file.name}: changed: its checksum differs"


def not_at_hand(found: Fetched) -> tuple[str, ...]:
    """The faults of a backup that has no folder here."""
    if found.faults or found.error is None:
        return found.faults
    return (f"{DUMP}: {found.error.message}",)
