"""What a revision leaves set in its session: found when the next begins, said, and set back.

`SET search_path` or `SET role` holds for the session, so that a revision that forgets to set it back decides where the
next one's tables go. Looked at in the query that asks for the transaction's id, which costs no round trip.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from alembic_safe.bridge.worker import drivers

KEY = "alembic_safe_session"
_SEPARATOR = "\x1f"
# what changes what a later statement means, may do, or how long it takes
WATCHED = (
    "search_path", "role", "session_authorization", "statement_timeout", "idle_in_transaction_session_timeout",
    "transaction_timeout", "TimeZone", "DateStyle", "default_transaction_isolation", "default_transaction_read_only",
    "session_replication_role", "row_security", "check_function_bodies", "standard_conforming_strings",
    "default_tablespace", "default_table_access_method", "synchronous_commit", "maintenance_work_mem", "work_mem",
    "client_min_messages", "xmloption",
)  # fmt: skip

_VALUES = ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in WATCHED)
# the transaction's id, how long it waits for locks, and the watched settings
STATE_SQL = (
    "select pg_current_xact_id()::text, current_setting('lock_timeout'),"
    f" concat_ws(chr({ord(_SEPARATOR)}), {_VALUES})"
)


def set_back(connection: Any, found: str, say: Callable[[str, str, str], None]) -> None:
    """Compare with what the session had when its first revision began; `say(name, left, before)` what differs."""
    state = connection.info.setdefault(KEY, {})
    before = state.setdefault("before", found)
    if before == found:
        return
    for name, was, now in zip(WATCHED, before.split(_SEPARATOR), found.split(_SEPARATOR), strict=False):
        if was != now:
            say(name, now, was)
            _set(connection, name, was)


def forget(connection: Any) -> None:
    """What comes next is another target of env.py's, which may have set its own."""
    connection.info.pop(KEY, None)


def _set(connection: Any, name: str, value: str) -> None:
    """Through a cursor of our own, so that no event sees it; a value that may not be set back is left."""
    live = connection.connection.dbapi_connection
    cursor = live.cursor()
    name, value = name.replace("'", "''"), value.replace("'", "''")
    inside = not drivers.commits_each(live)
    with suppress(Exception):
        if inside:
            cursor.execute("savepoint alembic_safe_session")
        try:
            cursor.execute(f"select set_config('{name}', '{value}', false)")
            cursor.fetchall()
        except Exception:
            if inside:
                cursor.execute("rollback to savepoint alembic_safe_session")
        if inside:
            cursor.execute("release savepoint alembic_safe_session")
    cursor.close()
