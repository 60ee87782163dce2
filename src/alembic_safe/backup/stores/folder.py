"""A folder of this machine (or one mounted on it) as a store of backups.

While a backup is written its folder is called `<id>.partial` and holds a file `owner` that the writing process
keeps locked: a killed run's is known by its lock being free. One that is being removed is `<id>.removed.partial`.
What is fetched or decrypted lies in such a folder too, so that no kill leaves it behind for long.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from alembic_safe.backup.files import checksum, make_folder, sync_folder, walk, write_whole
from alembic_safe.backup.store import DUMP, Moved, StoredFile, Tick, nothing_moved, require
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import BackupFile
from alembic_safe.quick import dataclass

PARTIAL = ".partial"
REMOVED = ".removed" + PARTIAL
_OWNER = "owner"
_ABANDONED = 86_400.0  # seconds, where the lock cannot tell
_DIRECTORY_HINT = "Set `backup-dir` to a folder that this user can write, with room for the database."


@dataclass(frozen=True, slots=True)
class FolderStore:
    """Backups as folders of `directory`."""

    directory: Path

    @property
    def place(self) -> str:
        return str(self.directory)

    def prepare(self, database_size: int | None) -> None:
        prepare_directory(self.directory)
        remove_leftovers(self.directory)
        check_room(self.directory, database_size)

    @contextlib.contextmanager
    def writing(self, identifier: str, moved: Moved = nothing_moved) -> Iterator[Path]:
        with partial_folder(self.directory, identifier) as partial:
            yield partial
            (partial / _OWNER).unlink()
            sync_folder(partial / DUMP)
            sync_folder(partial)
            partial.rename(self.directory / identifier)
            sync_folder(self.directory)

    def names(self) -> tuple[str, ...]:
        try:
            entries = sorted(self.directory.iterdir())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise BackupError(
                f"the backup directory {self.directory} cannot be read: {error.strerror}"
            ) from error
        return tuple(path.name for path in entries if _may_be_backup(path))

    def path(self, identifier: str) -> str:
        return str(self.directory / identifier)

    def read(self, identifier: str, name: str) -> bytes:
        return (self.directory / identifier / name).read_bytes()

    def keep(self, identifier: str, name: str, content: bytes) -> None:
        folder = self.directory / identifier
        write_whole(folder / name, content)
        sync_folder(folder)

    def files(self, identifier: str) -> tuple[StoredFile, ...]:
        found = walk(self.directory / identifier)
        return tuple(StoredFile(name, one.st_size, stat.S_ISREG(one.st_mode)) for name, one in found)

    def checksum(self, identifier: str, name: str, tick: Tick) -> BackupFile:
        return checksum(self.directory / identifier, name, tick)

    @contextlib.contextmanager
    def at_hand(self, identifier: str, moved: Moved = nothing_moved) -> Iterator[Path]:
        yield self.directory / identifier

    def private(self) -> contextlib.AbstractContextManager[Path]:
        return private_folder(self.directory)

    def remove(self, identifier: str) -> None:
        require(self, identifier)
        leaving = self.directory / (identifier + REMOVED)
        try:
            with contextlib.suppress(FileNotFoundError):  # another command removes it as well
                (self.directory / identifier).rename(leaving)
            sync_folder(self.directory)
            while leaving.exists():
                with contextlib.suppress(FileNotFoundError):  # and tidies up what it finds half removed
                    shutil.rmtree(leaving)
        except OSError as error:
            raise BackupError(
                f"backup {identifier} cannot be removed: {(error.strerror or str(error)).lower()}",
                hint="May this user write the folder? `alembic-safe backup list` shows what is left.",
            ) from error


def _may_be_backup(path: Path) -> bool:
    return not path.name.startswith(".") and not path.name.endswith(PARTIAL) and path.is_dir()


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
def partial_folder(directory: Path, identifier: str) -> Iterator[Path]:
    """A private folder with `dump/`, known as ours by its locked `owner`; an exception removes it."""
    partial = directory / (identifier + PARTIAL)
    making = directory / f".{partial.name}"  # bears its name once it is locked: others clean up meanwhile
    make_folder(making)
    owner = os.open(making / _OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        make_folder(making / DUMP)
        making.rename(partial)
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        os.close(owner)


@contextlib.contextmanager
def private_folder(directory: Path) -> Iterator[Path]:
    """An empty private folder for what must not stay: removed at the end, after a kill by the next command.

    Where nobody may write into `directory` it is a temporary one, which only its own command removes.
    """
    try:
        prepare_directory(directory)
    except BackupError:
        with tempfile.TemporaryDirectory(prefix="alembic-safe-") as place:  # made with mode 0700
            yield Path(place)
        return
    with partial_folder(directory, f"private-{secrets.token_hex(6)}") as partial:
        try:
            yield partial / DUMP
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def check_fits(directory: Path, needed: int, what: str) -> None:
    """Raise `BackupError` when the file system of `directory` has not `needed` bytes free."""
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise BackupError(
            f"too little room in {directory} for {what}: {needed} bytes are needed, {free} are free",
            hint="Free space there, or set `backup-dir` to another file system.",
        )


def remove_leftovers(directory: Path, *, removed: bool = True) -> None:
    """Remove what killed runs left half written, half removed (`removed`), fetched or decrypted.

    What a command works on is locked, and left alone.
    """
    for partial in directory.glob("*" + PARTIAL):
        if removed if partial.name.endswith(REMOVED) else _abandoned(partial):
            shutil.rmtree(partial, ignore_errors=True)


def _abandoned(partial: Path) -> bool:
    try:
        old = time.time() - partial.stat().st_mtime > _ABANDONED
        if partial.name.startswith("."):  # not locked yet
            return old
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
