"""Where a disk has no room for a temporary server, or for what is loaded into it: told as that, and as nothing else."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic_safe.errors import AlembicSafeError, UnreachableError


@contextmanager
def room_in(folder: Path) -> Iterator[None]:
    """Raises `UnreachableError` for what cannot be written there: a full disk, say."""
    try:
        yield
    except OSError as error:
        # copytree tells of each file; the system's own words are the same for all
        several = isinstance(error, shutil.Error) and error.args and error.args[0]
        why = str(several[0][2]) if several else str(error)
        raise UnreachableError(
            f"no scratch server or file can be made in {folder}: {why}",
            hint="Make room there, set TMPDIR to a folder that has some, or name a server: `--scratch env:NAME`.",
        ) from error


def said_full(text: str) -> str:
    """The last line of a server's or a tool's words that says that a disk is full; "" where none does.

    A server ends where it cannot write its log of changes, so that a tool only tells of a lost connection.
    """
    return next((line for line in reversed(text.splitlines()) if os.strerror(errno.ENOSPC) in line), "")


def no_room(
    what: str, where: str, server_said: str, error: AlembicSafeError, *, ours: bool, other: str
) -> UnreachableError | None:
    """The error for that where the server's words or those of the tool that failed (`error`) say so; else None.

    `where` is told with its preposition. `ours`: it is a temporary server; `other` is the option that names another.
    """
    said = server_said or said_full(f"{error.message}\n{error.detail or ''}")
    if not said:
        return None
    elsewhere = ", set TMPDIR to a folder that has some," if ours else ""
    return UnreachableError(
        f"there is no room for {what} {where}",
        hint=f"Make room there{elsewhere} or name another server: {other}.",
        detail=said,
    )
