"""How long each statement of a revision may wait for a lock: `lock_timeout` by the statement's class.

A statement that stops reads or writes waits briefly, since whoever comes after waits behind it. Concurrent builds and
VALIDATE stop nobody, and a timeout would leave an INVALID index behind; nor do changes of rows, until their transaction
holds such a lock. Those waits are bounded by the guard, which sees whether anybody is held up.

The setting goes through a cursor of our own: on the statement's it would end a server-side cursor. It is sent only when
it differs from what the session has.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import event
from sqlalchemy.engine import Engine

from alembic_safe.bridge.worker.bare import bare
from alembic_safe.bridge.worker.capture import StatementCapture, is_autocommit
from alembic_safe.bridge.worker.connections import LOCK_TIMEOUT_KEY, POOLED_KEY

KEY = "alembic_safe_lock_timeout"

Class = Literal["conflicting", "rows", "free", "control", "own"]

_START = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*([a-z]*)", re.IGNORECASE | re.DOTALL)
_FREE = re.compile(r"\bconcurrently\b|\bvalidate\s+constraint\b", re.IGNORECASE)
_MAYBE_FREE = re.compile(r"concurrently|validate", re.IGNORECASE)
_NAME = "lock_timeout"
_OWN = re.compile(
    r"\bset\s+(?:session\s+|local\s+)?lock_timeout\b|\bset_config\s*\(\s*'lock_timeout'", re.IGNORECASE
)
_CONTROL = frozenset(
    ("savepoint", "release", "rollback", "commit", "end", "abort", "begin", "start", "set", "show", "reset", "discard",
     "prepare", "deallocate", "listen", "notify", "unlisten", "close", "fetch")
)  # fmt: skip
_ROWS = frozenset(
    ("select", "insert", "update", "delete", "merge", "with", "values", "table", "copy", "explain")
)
_MAINTENANCE = frozenset(("vacuum", "analyze", "analyse"))
_UNITS = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


@lru_cache(maxsize=512)
def class_of(sql: str) -> Class:
    """The class of a statement, by its words; what is not known is taken to conflict.

    >>> [class_of(s) for s in ("ALTER TABLE t ADD c int", "-- x\\nupdate t set a = 1", "REINDEX TABLE CONCURRENTLY t")]
    ['conflicting', 'rows', 'free']
    """
    found = _START.match(sql)
    word = found[1].lower() if found else ""
    if _sets_its_own(sql, word):
        return "own"
    if word in _CONTROL:
        return "control"
    if word in _ROWS:
        return "rows"
    return "free" if word in _MAINTENANCE or _waits_alone(sql) else "conflicting"


def _sets_its_own(sql: str, word: str) -> bool:
    """Whether it sets lock_timeout, itself or in the block that it runs."""
    if _NAME not in sql.lower():  # taking a long INSERT to pieces would take longer than the INSERT
        return False
    return bool(_OWN.search(bare(sql, keep=_NAME, bodies=word == "do")))


def _waits_alone(sql: str) -> bool:
    """Whether nobody waits behind it; its words count, not what a comment or a literal says."""
    return bool(_MAYBE_FREE.search(sql) and _FREE.search(bare(sql)))


def milliseconds(shown: str) -> float | None:
    """What `SHOW lock_timeout` says, in milliseconds; None where it cannot be told.

    >>> milliseconds("500ms"), milliseconds("2min"), milliseconds("0")
    (500.0, 120000.0, 0.0)
    """
    found = re.fullmatch(r"(\d+)(us|ms|s|min|h|d)?", shown)
    return float(found[1]) * _UNITS[found[2] or "ms"] if found else None


class LockTimeouts:
    """Sets `lock_timeout` before statements of a revision's body, on every engine of the process.

    What a session has is kept beside its connection (`set`; None there means that it is not known), and so is the
    longest that its statements may wait (`usual`), which is less than ours where the project's own is.
    """

    def __init__(self, capture: StatementCapture, seconds: float) -> None:
        self._capture = capture
        self._say: Callable[[], None] = lambda: None
        self._most = max(1, round(seconds * 1000))
        self.respected = False

    def install(self, say: Callable[[], None]) -> None:
        """Listen from now on; `say` is called when a revision sets its own."""
        self._say = say
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "commit", self._forget)
        event.listen(Engine, "rollback", self._forget)
        event.listen(Engine, "rollback_savepoint", lambda connection, name, context: self._forget(connection))

    def begin_step(self, connection: Any, actual: str) -> None:
        """A revision begins on a session that has `actual`: what another left there is not this one's."""
        self.respected = False
        state = self._state(connection)
        value = milliseconds(actual)
        if not state.get("begun") and value and value < state["usual"]:
            state["usual"] = int(value)  # set by the project after it had connected
        state["begun"], state["set"], state["holds"] = True, value, False

    def _state(self, connection: Any) -> dict[str, Any]:
        """What is known of a session; at first, what it was told when it was connected."""
        state: dict[str, Any] = connection.info.setdefault(KEY, {})
        if "usual" not in state:
            told = milliseconds(connection.info.get(LOCK_TIMEOUT_KEY, ""))
            state["usual"] = int(told) if told and told < self._most else self._most
        return state

    def _before(self, connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        if self._capture.recording is None or self._capture.paused or connection.dialect.name != "postgresql":
            return
        kind = class_of(sql)
        state = self._state(connection)
        if kind == "own" and not self.respected:
            self.respected = True
            self._say()
        if kind in {"control", "own"} or self.respected:
            if kind == "control":
                state.pop("set", None)  # it may bring back another value: ROLLBACK TO, RESET, DISCARD
            return
        autocommit = is_autocommit(connection)
        brief = kind == "conflicting" or (kind == "rows" and state.get("holds") and not autocommit)
        wanted = state["usual"] if brief else 0
        if state.get("set") != wanted:
            self._set(connection, wanted, autocommit)
            state["set"] = wanted
        if kind == "conflicting":
            state["holds"] = not autocommit

    def _set(self, connection: Any, wanted: int, autocommit: bool) -> None:
        pooled = connection.info.get(POOLED_KEY)
        if pooled and autocommit:
            return  # it would stay on a session that others use next
        cursor = connection.connection.dbapi_connection.cursor()
        # an aborted transaction or a lost connection: the statement itself says it, in the project's words
        with suppress(Exception):
            cursor.execute(f"set {'local ' if pooled else ''}lock_timeout = {wanted}")
        cursor.close()

    def _forget(self, connection: Any, *_: Any) -> None:
        """The transaction, or a part of it, is over: its locks are gone, and with a rollback what was set in it."""
        state = connection.info.get(KEY)
        if state is not None:
            state["set"], state["holds"] = None, False
