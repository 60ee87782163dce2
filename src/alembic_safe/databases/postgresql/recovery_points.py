"""A named place in the log of changes that recovery can stop at, and whether the log up to it is in the archive."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from alembic_safe.errors import AlembicSafeError, BackupError, UnreachableError
from alembic_safe.model.backups import RestorePoint
from alembic_safe.model.protocols import Database, Rows

_POLL = 0.1
_SEGMENT = re.compile(r"[0-9A-F]{24}")


def current_point(database: Database) -> RestorePoint:
    """Where the log is now, without a name."""
    lsn, file = database.fetch(
        "SELECT l::text, pg_catalog.pg_walfile_name(l) FROM pg_catalog.pg_current_wal_lsn() AS l"
    )[0]
    return RestorePoint("", str(lsn), int(str(file)[:8], 16))


def make_restore_point(database: Database, name: str) -> RestorePoint:
    """Make a restore point, where our rights allow it (docs: pg_create_restore_point); else tell where the log is."""
    rows = _allowed(
        database,
        "SELECT l::text, pg_catalog.pg_walfile_name(l) FROM pg_catalog.pg_create_restore_point(%s) AS l",
        name,
    )
    if rows is None:
        return current_point(database)
    return RestorePoint(name, str(rows[0][0]), int(str(rows[0][1])[:8], 16))


def wait_for_archive(
    database: Database, point: RestorePoint, *, timeout: float, tick: Callable[[], None]
) -> bool:
    """Wait until the archive has the log up to `point`. False where the server archives nothing, or we may not say
    that the current file is to be closed. Raises `BackupError` when it does not come: recovery could not stop there.
    """
    if str(database.fetch("SHOW archive_mode")[0][0]) == "off":
        return False
    wanted = str(database.fetch("SELECT pg_catalog.pg_walfile_name(%s::pg_lsn)", [point.lsn])[0][0])
    switched = _allowed(database, "SELECT pg_catalog.pg_switch_wal()") is not None
    until = time.monotonic() + timeout
    while True:
        last, failed = database.fetch(
            "SELECT last_archived_wal, last_failed_wal FROM pg_catalog.pg_stat_archiver"
        )[0]
        # a name holds timeline, then position; a history or label file that was archived last has another form
        if last and _SEGMENT.fullmatch(str(last)) and str(last) >= wanted:
            return True
        if not switched:
            return False
        if time.monotonic() >= until:
            raise BackupError(
                f"the log up to the restore point ({wanted}) did not reach the archive in {timeout:g} s: the last file"
                f" there is {last or 'none'}" + (f", and {failed} failed" if failed else ""),
                hint="See archive_command and the server's log; give it longer with `replica-wait`.",
            )
        tick()
        time.sleep(_POLL)


def _allowed(database: Database, sql: str, *parameters: object) -> Rows | None:
    try:
        return database.fetch(sql, parameters)
    except UnreachableError:
        raise
    except AlembicSafeError:
        return None
