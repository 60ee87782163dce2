"""Private files, whatever the umask; written whole or not at all; hashed in pieces."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from alembic_safe.model.backups import BackupFile

_CHUNK = 1 << 20


def make_folder(path: Path) -> None:
    """A new folder that only its owner may enter. Raises OSError."""
    path.mkdir(mode=0o700)
    path.chmod(0o700)  # the umask may have taken too much


def private_file(path: Path) -> BinaryIO:
    """A new file that only its owner may read, open for writing. Raises OSError, also where it exists."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, sync, and rename: `path` is never half written. Raises OSError."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)


def sync_folder(path: Path) -> None:
    """Make names in the folder last: a new file's name is not on disk before this."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def walk(folder: Path, inside: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """Everything below `folder` but folders, by name relative to it (`/` between), symlinks not followed."""
    with os.scandir(folder / inside) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = f"{inside}/{entry.name}" if inside else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from walk(folder, name)
            else:
                yield name, entry.stat(follow_symlinks=False)


def size_of(folder: Path) -> int:
    """Bytes in the folder's files; what vanishes meanwhile is not counted."""
    try:
        return sum(found.st_size for _, found in walk(folder))
    except FileNotFoundError:
        return 0


def checksum(folder: Path, name: str, tick: Callable[[], None]) -> BackupFile:
    """Size and sha256 of a file, in pieces of 1 MiB with a `tick` after each. Raises OSError."""
    digest = hashlib.sha256()
    size = 0
    with (folder / name).open("rb", buffering=0) as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
            size += len(piece)
            tick()
    return BackupFile(name, size, digest.hexdigest())
