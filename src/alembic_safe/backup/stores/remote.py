"""A store behind any URL that fsspec knows (s3, gs, abfs, sftp, memory) as a store of backups.

What is written stands in a folder of this machine until it is whole; then its files are uploaded in pieces, the
manifests last. Without `manifest.json`, and with the mark `unfinished` or no second copy, it is no backup but what a
killed upload or removal left: the next one that writes to the store removes it, unless it is younger than a day and
may still be arriving from elsewhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from alembic_safe.backup.files import make_folder, private_file, walk
from alembic_safe.backup.store import (
    COPY,
    MANIFEST,
    OWN_FILES,
    UNFINISHED,
    Moved,
    StoredFile,
    Tick,
    nothing_moved,
    require,
)
from alembic_safe.backup.stores.folder import (
    check_fits,
    check_room,
    partial_folder,
    prepare_directory,
    private_folder,
    remove_leftovers,
)
from alembic_safe.errors import AlembicSafeError, BackupError, SettingsError
from alembic_safe.model.backups import BackupFile
from alembic_safe.quick import dataclass

_CHUNK = 2 << 20
# What fsspec gathers before it sends it, and its libraries hold four times over: 50 MiB unless told. S3 takes no part
# below 5 MiB, and no file of more than 10,000 parts.
_BLOCK, _LARGEST, _PARTS = 6 << 20, 5 << 30, 9_000
_LAST = (COPY, MANIFEST)
_TRIES = 3
_ABANDONED = 86_400.0
_OWNER = "owner"


@dataclass(slots=True)
class RemoteStore:
    """Backups as folders below `url`; `staging` is the folder that they are written in first."""

    url: str
    staging: Path
    _opened: tuple[Any, str] | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        return self.url

    def prepare(self, database_size: int | None) -> None:
        prepare_directory(self.staging)
        remove_leftovers(self.staging)
        check_room(self.staging, database_size)
        with _said(f"the backup store {self.url} cannot be written"):
            files, root = self._open()
            with _private(files):
                files.makedirs(root, exist_ok=True)
            self._remove_abandoned()

    @contextlib.contextmanager
    def writing(self, identifier: str, moved: Moved = nothing_moved) -> Iterator[Path]:
        with partial_folder(self.staging, identifier) as partial:
            yield partial
            try:
                self._upload(partial, identifier, moved)
            except BaseException:
                with contextlib.suppress(Exception):
                    files, root = self._open()
                    files.rm(f"{root}/{identifier}", recursive=True)
                raise
            shutil.rmtree(partial)

    def names(self) -> tuple[str, ...]:
        with _said(f"the backup store {self.url} cannot be read"):
            files, root = self._open()
            files.invalidate_cache()
            try:
                entries = files.ls(root, detail=True)
            except FileNotFoundError:
                return ()
            found = (entry["name"].rstrip("/").rpartition("/")[2] for entry in entries if _is_folder(entry))
            return tuple(sorted(name for name in found if name and not name.startswith(".")))

    def path(self, identifier: str) -> str:
        return f"{self.url}/{identifier}"

    def read(self, identifier: str, name: str) -> bytes:
        files, root = self._open()
        content = _oserror(files.cat_file, f"{root}/{identifier}/{name}")
        assert isinstance(content, bytes)
        return content

    def keep(self, identifier: str, name: str, content: bytes) -> None:
        files, root = self._open()
        with _private(files):
            _oserror(files.pipe_file, f"{root}/{identifier}/{name}", content)

    def files(self, identifier: str) -> tuple[StoredFile, ...]:
        with _said(f"backup {identifier} cannot be listed"):
            files, root = self._open()
            files.invalidate_cache()
            folder = f"{root}/{identifier}"
            found = files.find(folder, detail=True)
            return tuple(
                StoredFile(name[len(folder) :].lstrip("/"), int(entry["size"]), not _is_folder(entry))
                for name, entry in sorted(found.items())
            )

    def checksum(self, identifier: str, name: str, tick: Tick) -> BackupFile:
        digest, size = hashlib.sha256(), 0
        for piece in self._pieces(identifier, name):
            digest.update(piece)
            size += len(piece)
            tick()
        return BackupFile(name, size, digest.hexdigest())

    @contextlib.contextmanager
    def at_hand(self, identifier: str, moved: Moved = nothing_moved) -> Iterator[Path]:
        with self.private() as folder:
            there = [file for file in self.files(identifier) if file.name not in OWN_FILES]
            check_fits(folder, sum(file.size for file in there), f"what is fetched of backup {identifier}")
            for file in there:
                target = folder / file.name
                for parent in reversed(target.relative_to(folder).parents):
                    if not (folder / parent).exists():
                        make_folder(folder / parent)
                with (
                    _said(f"{file.name} of backup {identifier} cannot be fetched"),
                    private_file(target) as out,
                ):
                    for piece in self._pieces(identifier, file.name):
                        out.write(piece)
                        moved(len(piece))
            yield folder

    def private(self) -> contextlib.AbstractContextManager[Path]:
        return private_folder(self.staging)

    def remove(self, identifier: str) -> None:
        require(self, identifier)
        with _said(f"backup {identifier} cannot be removed"):
            files, root = self._open()
            # with the mark it is no backup once the first manifest is gone
            files.pipe_file(f"{root}/{identifier}/{UNFINISHED}", b"")
            for name in (MANIFEST, COPY):
                with contextlib.suppress(FileNotFoundError):
                    files.rm_file(f"{root}/{identifier}/{name}")
            files.rm(f"{root}/{identifier}", recursive=True)

    def _upload(self, folder: Path, identifier: str, moved: Moved) -> None:
        (folder / UNFINISHED).touch(mode=0o600)
        names = [name for name, _ in walk(folder) if name not in (_OWNER, UNFINISHED)]
        first = [name for name in names if name not in _LAST]
        for name in (UNFINISHED, *first, *(name for name in _LAST if name in names)):
            self._put_at_last(folder, identifier, name, moved)
        files, root = self._open()
        with contextlib.suppress(Exception):  # with both manifests there it means nothing
            files.rm_file(f"{root}/{identifier}/{UNFINISHED}")

    def _put_at_last(self, folder: Path, identifier: str, name: str, moved: Moved) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                _oserror(self._put, folder, identifier, name, moved)
                return
            except OSError as error:
                if attempt == _TRIES:
                    raise BackupError(
                        f"{name} cannot be uploaded to {self.url}: {error}",
                        hint="Nothing of it is listed. When the store answers again, run the same command again.",
                    ) from error
                time.sleep(0.5 * attempt)

    def _put(self, folder: Path, identifier: str, name: str, moved: Moved) -> None:
        files, root = self._open()
        target = f"{root}/{identifier}/{name}"
        size, expected = 0, (folder / name).stat().st_size
        with _private(files):
            files.makedirs(target.rpartition("/")[0], exist_ok=True)
            opened = _opened(files, target, "wb", expected)
        with (folder / name).open("rb", buffering=0) as source, opened as out:
            while piece := source.read(_CHUNK):
                out.write(piece)
                size += len(piece)
                moved(len(piece))
        files.invalidate_cache()
        if (there := int(files.size(target) or 0)) != size:
            raise OSError(f"{there} bytes arrived of {size}")

    def _pieces(self, identifier: str, name: str) -> Iterator[bytes]:
        files, root = self._open()
        with _oserror(_opened, files, f"{root}/{identifier}/{name}", "rb") as source:
            while piece := _oserror(source.read, _CHUNK):
                yield piece

    def _remove_abandoned(self) -> None:
        """What an upload left that was killed: no manifest, and begun more than a day ago (the name says when)."""
        files, root = self._open()
        for name in self.names():
            if _begun(name) < time.time() - _ABANDONED and self._unfinished(f"{root}/{name}"):
                files.rm(f"{root}/{name}", recursive=True)

    def _unfinished(self, folder: str) -> bool:
        """By one listing: fsspec's exists() says no to any error, and a good backup would be taken for a left one."""
        files, _ = self._open()
        try:
            listed = files.ls(folder, detail=False)
        except FileNotFoundError:  # another command removed it
            return False
        there = {str(name).rstrip("/").rpartition("/")[2] for name in listed}
        return MANIFEST not in there and (UNFINISHED in there or COPY not in there)

    def _open(self) -> tuple[Any, str]:
        if self._opened is None:
            try:
                url_to_fs = importlib.import_module("fsspec.core").url_to_fs
            except ImportError as error:
                raise SettingsError(
                    "a backup store behind a URL needs the package fsspec, which is not installed",
                    hint="Install it with `pip install 'alembic-safe[stores]'`, and the one for the store (s3fs).",
                ) from error
            try:
                files, root = url_to_fs(self.url)
            except (ImportError, ValueError) as error:
                raise SettingsError(
                    f"the backup store {self.url} cannot be used: {error}",
                    hint="Install the package that fsspec needs for it, such as s3fs for s3://.",
                ) from error
            except Exception as error:  # some connect here, and fail in ways of their own
                raise BackupError(
                    f"the backup store {self.url} cannot be reached: {error}",
                    hint="Does it answer, and may this account use it? The way in is its own (profiles, variables).",
                ) from error
            self._opened = files, str(root).rstrip("/")
        return self._opened


@contextlib.contextmanager
def _private(files: Any) -> Iterator[None]:
    """What is made meanwhile only this user may enter and read, where the URL is of this machine's own files."""
    if "file" not in ((files.protocol,) if isinstance(files.protocol, str) else files.protocol):
        yield
        return
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _opened(files: Any, path: str, mode: str, size: int = 0) -> Any:
    """A file of the store, of which little is held in memory at a time. `size` is how large it will be."""
    return files.open(path, mode, block_size=block_size(size))


def block_size(size: int) -> int:
    """Bytes of a part of a file of `size` bytes: as few as S3 takes. Up to 54 GB it is always the same.

    >>> block_size(1_000_000) >> 20, block_size(200_000_000_000) >> 20
    (6, 21)
    """
    return min(max(_BLOCK, -(-size // _PARTS)), _LARGEST)


def _is_folder(entry: dict[str, Any]) -> bool:
    return entry.get("type") == "directory"


def _begun(name: str) -> float:
    """When a backup of this name was begun; infinitely late where it does not say."""
    try:
        return (
            datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%SZ")
            .replace(tzinfo=timezone.utc)
            .timestamp()
        )
    except ValueError:
        return float("inf")


def _oserror(call: Any, *arguments: Any) -> Any:
    """The stores' libraries raise errors of their own kinds; callers know OSError, and what stops a command."""
    try:
        return call(*arguments)
    except (OSError, AlembicSafeError):
        raise
    except Exception as error:
        raise OSError(0, str(error)) from error


@contextlib.contextmanager
def _said(what: str) -> Iterator[None]:
    try:
        yield
    except AlembicSafeError:
        raise
    except Exception as error:
        raise BackupError(
            f"{what}: {error}",
            hint="Does the store answer, and may this account use it? The way in is its own (profiles, variables).",
        ) from error
