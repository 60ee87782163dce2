"""A private copy of an SQLite file, whole whatever its -wal holds."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic_safe.errors import BackupError


def copy_sqlite(source: Path, to: Path) -> None:
    """Copy by the online backup API to a new file that nobody else reads. Raises `BackupError`."""
    try:
        os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(to)) as other:
            one.backup(other)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{source} cannot be copied to {to}: {error}") from error
