"""Whether a replica may be dumped in the database's stead: the same data, and replayed up to now."""

from __future__ import annotations

import time
from collections.abc import Callable

from alembic_safe.databases._reading import system_identifier
from alembic_safe.errors import BackupError
from alembic_safe.model.protocols import Database

_POLL = 0.1
_HINT = "Set `backup-url` to a physical standby of the database that env.py migrates, or leave it out."


def check_replica(database: Database, replica: Database, *, timeout: float, tick: Callable[[], None]) -> None:
    """Wait until `replica` has replayed what `database` has written until now.

    Raises `BackupError` when it is no standby of it, or does not catch up within `timeout` seconds.
    """
    here, there = database.facts, replica.facts
    if here.server == there.server:
        return  # the database itself
    if there.database != here.database:
        raise BackupError(
            f"backup-url leads to the database {there.database}, not {here.database}", hint=_HINT
        )
    data, its_data = system_identifier(database), system_identifier(replica)
    if not (data and its_data):
        untold = here.address if not data else there.address
        raise BackupError(
            f"it cannot be told whether {there.address} is a replica of {here.address}: {untold} does not tell its"
            " system identifier",
            hint="Let the role ask for it: `GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO ...`; or leave"
            " `backup-url` out.",
        )
    if data != its_data:
        raise BackupError(f"{there.address} is no replica of {here.address}: it holds other data", hint=_HINT)
    if not there.in_recovery:
        raise BackupError(f"{there.address} is a server of its own, and no standby (any more)", hint=_HINT)
    _catch_up(database, replica, timeout, tick)


def _catch_up(database: Database, replica: Database, timeout: float, tick: Callable[[], None]) -> None:
    # what is inserted, since a commit need not wait until it is written (synchronous_commit off)
    target = str(database.fetch("SELECT pg_catalog.pg_current_wal_insert_lsn()::text")[0][0])
    slack = _slack(target)
    until = time.monotonic() + timeout
    while True:
        replayed, behind, paused = replica.fetch(
            "SELECT r::text, greatest(pg_catalog.pg_wal_lsn_diff(%s::pg_lsn, r), 0)::bigint,"
            " pg_catalog.pg_is_wal_replay_paused() FROM pg_catalog.pg_last_wal_replay_lsn() AS r",
            [target],
        )[0]
        if replayed is not None and behind <= slack:
            return
        if time.monotonic() >= until:
            why = "its replay is paused" if paused else f"it has replayed up to {replayed or 'nothing'}"
            raise BackupError(
                f"the replica {replica.facts.address} is {behind} bytes behind after {timeout:g} s: {why}",
                hint="See pg_stat_replication on the primary; give it longer with `replica-wait`, or leave"
                " `backup-url` out.",
            )
        tick()
        time.sleep(_POLL)


def _slack(lsn: str) -> int:
    """At the begin of a page the position is told behind the page's header, which is only written with more
    (src/include/access/xlog_internal.h: 24 bytes, 40 on a file's first page)."""
    offset = int(lsn.split("/")[1], 16) % 8192
    return offset if offset in (24, 40) else 0
