"""Whether an SQLite file was written by nobody else while revisions ran, as their own connection can tell.

`PRAGMA data_version` changes when another connection commits, and not for what one commits itself
(sqlite.org/pragma.html#pragma_data_version).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic_safe.bridge.worker import drivers

_MARK = slice(24, 28)  # the file change counter (sqlite.org/fileformat2.html, section 1.3.7)


class Alone:
    """Looks when a target's first revision begins, and when one fails."""

    def __init__(self) -> None:
        self._begun: dict[int, int | None] = {}

    def begin(self, target: int, connection: Any) -> None:
        """A revision begins; the first of its target counts."""
        if target not in self._begun:
            self._begun[target] = _version(connection)

    def mark(self, target: int, connection: Any) -> str | None:
        """The file's change mark now, where no other connection has committed since the first revision began.

        None where another has, and where it cannot be told: not SQLite, in WAL mode, on another connection than before.
        """
        begun = self._begun.get(target)
        if begun is None or _version(connection) != begun:
            return None
        try:
            (mode,) = _row(connection, "PRAGMA journal_mode")
            file = next(row[2] for row in _rows(connection, "PRAGMA database_list") if row[1] == "main")
            if mode == "wal" or not file:
                return None
            with Path(file).open("rb") as stream:
                return f"file change counter {int.from_bytes(stream.read(28)[_MARK], 'big')}"
        except Exception:  # whatever a driver raises: then it is not told
            return None


def _version(connection: Any) -> int | None:
    try:
        if not drivers.is_sqlite(drivers.name_of(connection.connection.dbapi_connection)):
            return None
        return int(_row(connection, "PRAGMA data_version")[0])
    except Exception:
        return None


def _row(connection: Any, sql: str) -> Any:
    return _rows(connection, sql)[0]


def _rows(connection: Any, sql: str) -> list[Any]:
    cursor = connection.connection.dbapi_connection.cursor()
    try:
        cursor.execute(sql)
        return list(cursor.fetchall())
    finally:
        cursor.close()
