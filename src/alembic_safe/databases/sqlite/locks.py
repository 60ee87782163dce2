"""The deploy lock on SQLite: a lock of the operating system on a side file.

The kernel releases it with its process, however that ends. The file itself is never deleted: whoever deletes
it while another waits would let two in.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from datetime import datetime, timezone
from pathlib import Path

from alembic_safe.databases.account import account_name
from alembic_safe.errors import LockHeldError, RefusedError

SUFFIX = ".alembic-safe-lock"


class FileLock:
    """The side file `<database>.alembic-safe-lock`, locked by flock; its text says who holds it."""

    def __init__(self, database: Path, what: str) -> None:
        # By the real path, so that two names of one database are one lock.
        real = database.resolve()
        self._file = real.with_name(real.name + SUFFIX)
        self._what = what
        self._descriptor: int | None = None

    def try_take(self) -> bool:
        if self._descriptor is not None:
            self.check()
            return True
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(_holder(self._what)).encode(), 0)
        return True

    def _open(self) -> int:
        try:
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RefusedError(
                f"the deploy lock {self._file} cannot be made: {error.strerror}",
                hint="The directory of the database must be writable, as SQLite itself needs it to be.",
            ) from error
        return descriptor

    def holder(self) -> str:
        if self._descriptor is not None:
            return ""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            descriptor = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
            try:
                return _told(descriptor)
            finally:
                os.close(descriptor)
        return ""

    def quiet(self) -> float | None:
        return None

    def check(self) -> None:
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(self._descriptor), self._file.stat()):
                return
        raise LockHeldError(
            f"the deploy lock {self._file} was deleted or replaced while we held it",
            hint="Delete it only when nothing runs. See `alembic-safe status`.",
        )

    def release(self) -> None:
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _holder(what: str) -> dict[str, object]:
    since = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return {
        "pid": os.getpid(),
        "user": account_name(),
        "host": socket.gethostname(),
        "since": since,
        "what": what,
    }


def _told(descriptor: int) -> str:
    """What the file says, unless a killed run left it. Probing the lock itself would disturb who takes it."""
    said = json.loads(os.pread(descriptor, 4096, 0))
    if said["host"] == socket.gethostname() and not _alive(int(said["pid"])):
        return ""
    since = datetime.fromisoformat(said["since"])
    age = time.time() - since.timestamp()
    return (
        f"pid {said['pid']} {said['user']} on {said['host']} ({said['what']})"
        f" since {since:%H:%M:%S} UTC, {age:.0f} s"
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
