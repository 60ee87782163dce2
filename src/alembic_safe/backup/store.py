"""The folder that backups are in: names, a place to write one, leftovers of killed runs.

`<directory>/<id>/` holds `dump/`, `manifest.json`, `manifest.copy.json` and, later, `verified.json`. While
it is written it is called `<id>.partial`, with a file `owner` that the writing process keeps locked.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from alembic_safe.backup.files import make_folder, sync_folder, write_whole
from alembic_safe.errors import BackupError

DUMP = "dump"
MANIFEST = "manifest.json"
COPY = "manifest.copy.json"
VERIFIED = "verified.json"
PARTIAL = ".partial"
_OWNER = "owner"
_ABANDONED = 86_400.0  # seconds, where the lock cannot tell
_DIRECTORY_HINT = "Set `backup-dir` to a folder that this user can write, with room for the database."


def new_id(began: datetime, database: str) -> str:
    """A name that sorts by time, is safe in every file system and in a shell, and is used once.

    >>> new_id(datetime(2026, 11, 21, 23, 15, 30), "my shop")[:24]
    '20261121T231530Z-my_shop'
    """
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", database).strip(".-")[:40] or "database"
    return f"{began:%Y%m%dT%H%M%SZ}-{safe}-{secrets.token_hex(3)}"


def prepare_directory(directory: Path) -> None:
    """Make the directory if it is missing, kept out of git. Raises `BackupError` if it cannot be written."""
    try:
        if not directory.exists():
            directory.mkdir(mode=0o700, parents=True)
            write_whole(directory / ".gitignore", b"*\n")
        elif not directory.is_dir():
            raise NotADirectoryError(0, "it is a file")
        probe = directory / f".probe-{secrets.token_hex(6)}"
        make_folder(probe)
        probe.rmdir()
    except OSError as error:
        raise BackupError(
            f"the backup directory {directory} cannot be written: {(error.strerror or str(error)).lower()}",
            hint=_DIRECTORY_HINT,
        ) from error


def check_room(directory: Path, database_size: int | None) -> None:
    """Refuse when there is obviously too little: a dump is rarely under a twentieth of its database."""
    free = shutil.disk_usage(directory).free
    if free < max(1 << 20, (database_size or 0) // 20):
        raise no_room(directory, database_size)


def no_room(directory: Path, database_size: int | None) -> BackupError:
    """The error for a disk that is, or ran, full: how much is free now, and how much was to be backed up."""
    free = shutil.disk_usage(directory).free
    size = "of unknown size" if database_size is None else f"of {database_size} bytes"
    return BackupError(
        f"too little room in the backup directory {directory}: {free} bytes free, for a database {size}",
        hint="Free space there, or set `backup-dir` to another file system.",
    )


@contextlib.contextmanager
def writing(directory: Path, identifier: str) -> Iterator[Path]:
    """The folder to write the backup into. It becomes the backup at the end; an exception removes it."""
    partial = directory / (identifier + PARTIAL)
    make_folder(partial)
    owner = os.open(partial / _OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        make_folder(partial / DUMP)
        yield partial
        (partial / _OWNER).unlink()
        sync_folder(partial / DUMP)
        sync_folder(partial)
        partial.rename(directory / identifier)
        sync_folder(directory)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        os.close(owner)


def remove_leftovers(directory: Path) -> None:
    """Remove what killed runs left half written. One that is being written is locked, and left alone."""
    for partial in directory.glob("*" + PARTIAL):
        if _abandoned(partial):
            shutil.rmtree(partial, ignore_errors=True)


def _abandoned(partial: Path) -> bool:
    try:
        old = time.time() - partial.stat().st_mtime > _ABANDONED
        owner = os.open(partial / _OWNER, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # not locked yet, or almost renamed; else a day tells
        return partial.exists() and old
    except OSError:
        return False
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return old
    finally:
        os.close(owner)
    return True
