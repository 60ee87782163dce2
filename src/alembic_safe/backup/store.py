"""What a store of backups promises, whatever it is made of, and the names of what lies in it.

A backup is a folder `<id>` that holds `dump/`, `manifest.json`, `manifest.copy.json` and, later, what verifying
it said. It exists when its manifest does: that is written last, and goes first when the backup is removed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from alembic_safe.errors import BackupError
from alembic_safe.model.backups import BackupFile
from alembic_safe.quick import dataclass

DUMP = "dump"
MANIFEST = "manifest.json"
COPY = "manifest.copy.json"
VERIFIED = "verified.json"
RESTORED = "restored.json"
# there from before the first file of an upload to after the manifest, and while a backup is removed from afar
UNFINISHED = "unfinished"
# what we write into a backup's folder beside its dump
OWN_FILES = frozenset({MANIFEST, COPY, VERIFIED, RESTORED, UNFINISHED})

Tick = Callable[[], None]
Moved = Callable[[int], None]  # takes the bytes that were moved since it was last called; may raise to stop


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a backup as it lies in the store; `regular` is False of a link, a socket and their like."""

    name: str
    size: int
    regular: bool = True


class Store(Protocol):
    """A place for backups. Methods raise `BackupError` with a sentence for people, `OSError` only where said."""

    @property
    def place(self) -> str:
        """What people call it: a folder, or a URL without secrets."""

    def prepare(self, database_size: int | None) -> None:
        """Make it ready to take a backup: writable, leftovers of killed runs removed, obviously enough room."""

    def writing(self, identifier: str, moved: Moved = ...) -> AbstractContextManager[Path]:
        """A folder of this machine, with `dump/` in it, to write the backup into, the manifests last.

        It becomes the backup at the end of the `with`; after an exception nothing of it is listed.
        """

    def names(self) -> tuple[str, ...]:
        """The folders that may be backups, sorted; none where the store does not exist yet."""

    def path(self, identifier: str) -> str:
        """Where the backup lies, for people."""

    def read(self, identifier: str, name: str) -> bytes:
        """A small file. Raises OSError, of which FileNotFoundError says that it is missing."""

    def keep(self, identifier: str, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all. Raises OSError."""

    def files(self, identifier: str) -> tuple[StoredFile, ...]:
        """Every file of the backup, by name relative to its folder."""

    def checksum(self, identifier: str, name: str, tick: Tick) -> BackupFile:
        """Read a file through. Raises OSError."""

    def at_hand(self, identifier: str, moved: Moved = ...) -> AbstractContextManager[Path]:
        """The backup's folder on this machine: itself, or a private copy of its dump that is removed at the end."""

    def private(self) -> AbstractContextManager[Path]:
        """An empty folder of this machine that only this user may enter, for what was decrypted.

        Removed at the end, and after a kill by the next command that opens the store.
        """

    def remove(self, identifier: str) -> None:
        """Remove a backup; killed at any moment, it is either whole or not listed."""


def new_id(began: datetime, database: str) -> str:
    """A name that sorts by time, is safe in every file system and in a shell, and is used once.

    >>> new_id(datetime(2026, 11, 21, 23, 15, 30), "my shop")[:24]
    '20261121T231530Z-my_shop'
    """
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", database).strip(".-")[:40] or "database"
    return f"{began:%Y%m%dT%H%M%SZ}-{safe}-{secrets.token_hex(3)}"


def require(store: Store, identifier: str) -> None:
    """Raise `BackupError` unless there is a folder of that name, whatever its state."""
    if identifier not in store.names():
        raise BackupError(
            f"there is no backup {identifier} in {store.place}", hint="See `alembic-safe backup list`."
        )


def nothing_moved(_: int) -> None:
    """The `Moved` of whoever does not care."""
