"""Looking, from inside the session of a revision on a clone, at what each statement did: locks, files, scans, rows.

What a transaction has not committed is seen by its own session alone, so that this cannot be done from outside. One
query after each statement, on a cursor of our own; never on a target (`Job.trace` is for clones).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field, replace
from typing import Any

from alembic_safe.bridge.worker import drivers
from alembic_safe.model.traces import SeenRelation, Trace
from alembic_safe.quick import dataclass

# shown to the session: what DDL does by its own words (src/backend/commands/tablecmds.c and others, at DEBUG1)
SETTING = "set client_min_messages = debug1"
_WORK = re.compile(r"(?:rewriting|verifying|building index|rebuilding|validating)\b", re.IGNORECASE)
_SAVEPOINTS = re.compile(
    r"\s*(?:savepoint|release|rollback|commit|begin|start|end|abort|set\s+transaction)\b", re.I
)
_MOST_SAID, _LONGEST = 50, 400
# The counters of the session's own work are kept apart until they are sent, so that their sum never falls
# (documentation: "Viewing Statistics"). Of what the system keeps for itself nothing is of interest.
_COUNTED = """
       coalesce(pg_catalog.pg_stat_get_numscans({0}) + pg_catalog.pg_stat_get_xact_numscans({0}), 0),
       coalesce(pg_catalog.pg_stat_get_tuples_inserted({0}) + pg_catalog.pg_stat_get_xact_tuples_inserted({0})
         + pg_catalog.pg_stat_get_tuples_updated({0}) + pg_catalog.pg_stat_get_xact_tuples_updated({0})
         + pg_catalog.pg_stat_get_tuples_deleted({0}) + pg_catalog.pg_stat_get_xact_tuples_deleted({0}), 0),
       coalesce(pg_catalog.pg_stat_get_blocks_fetched({0}) + pg_catalog.pg_stat_get_xact_blocks_fetched({0}), 0),
       coalesce(pg_catalog.pg_stat_get_blocks_hit({0}) + pg_catalog.pg_stat_get_xact_blocks_hit({0}), 0)"""
_WHERE_IT_STANDS = """
union all
select 0, coalesce(pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text, ''),
       pg_catalog.transaction_timestamp()::pg_catalog.text, '',
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::pg_catalog.int8, 0, 0, 0, 0"""
# After each statement, so as little as can be: most of a short query's time is its planning, and it is planned anew
# each time (a revision may take prepared statements away). No table is read: a regclass is told as search_path spells
# it, as its number where it is gone, and what kind it is does not change. One row a lock: joined by who asks.
LOCKED_SQL = (
    "select l.relation::pg_catalog.int8, l.relation::pg_catalog.regclass::pg_catalog.text, '', l.mode,"
    " coalesce(pg_catalog.pg_relation_filenode(l.relation), 0)::pg_catalog.int8,"
    + _COUNTED.format("l.relation")
    + """
  from pg_catalog.pg_lock_status() l
 where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.granted
   and l.relation >= 16384"""
    + _WHERE_IT_STANDS
)
EVERY_SQL = (
    """
select a.oid::pg_catalog.int8, a.oid::pg_catalog.regclass::pg_catalog.text, a.relkind::pg_catalog.text,
       coalesce(k.mode, ''), coalesce(pg_catalog.pg_relation_filenode(a.oid), 0)::pg_catalog.int8,"""
    + _COUNTED.format("a.oid")
    + """
  from pg_catalog.pg_class a
  left join pg_catalog.pg_locks k
    on k.relation = a.oid and k.pid = pg_catalog.pg_backend_pid() and k.locktype = 'relation' and k.granted
 where a.oid >= 16384 and a.relkind in ('r', 'p', 'm', 'f', 'v', 'i', 'I', 'S')
   and not exists (select from pg_catalog.pg_namespace h where h.oid = a.relnamespace and h.nspname ~ '^pg_')"""
    + _WHERE_IT_STANDS
)
_KINDS_SQL = (
    "select c.oid::pg_catalog.int8, c.relkind::pg_catalog.text from pg_catalog.pg_class c where c.oid in ({})"
)
# psycopg prepares what it is given often, and would have the session forget all that is prepared after each ALTER
_UNPREPARED = {"psycopg": {"prepare": False}}  # SQLAlchemy's async form of it takes no such word
_DATABASE_SQL = "select pg_catalog.current_database()::pg_catalog.text"
_COUNTING = ("r", "m")  # of an index, its own scans would be counted


def is_bookkeeping(sql: str) -> bool:
    """Whether a statement only marks transactions: nothing is asked after it, nor before."""
    return _SAVEPOINTS.match(sql) is not None


@dataclass(slots=True)
class Tracer:
    """Traces the statements of one connection. `tell` sends what was seen.

    `disturbed`: others worked on the clone since the last look. The counters hold their work too, so that all are read
    as a step begins; from then on its transaction sees them as they were (stats_fetch_consistency).
    `beside`: the connection is not alembic's.
    """

    tell: Callable[[Trace], None]
    disturbed: bool = False
    beside: bool = False
    wal: int = 0
    step: float = 0.0
    _scans: dict[int, int] = field(default_factory=dict)
    _rows: dict[int, int] = field(default_factory=dict)
    _pages: dict[int, tuple[int, int]] = field(default_factory=dict)
    _known: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    _within: str = ""
    _renamed: bool = False
    _said: list[str] = field(default_factory=list)
    _began: float = 0.0
    _off: bool = False

    def begin_step(self, connection: Any) -> None:
        """A step begins on a SQLAlchemy connection: what there is, and where the counters stand."""
        self.step = time.perf_counter()
        live = _live(connection)
        self._off = live is None or not drivers.is_postgresql(drivers.name_of(live))
        if self._off:
            return
        self._listen(live)
        # what another search_path spelled otherwise is spelled anew, though nobody holds a lock on it now
        self._look(live, 0, every=self.disturbed or self._renamed or not self._known)
        self._renamed = False

    def begin_beside(self, connection: Any, main: Any, step: float) -> None:
        """A connection that is not alembic's (`main`) is met in a step that began then. Nothing is told yet.

        In another database relations have numbers that mean others here: that is not looked into.
        """
        self.step = step
        live, ours = _live(connection), _live(main)
        self._off = live is None or ours is None or not drivers.is_postgresql(drivers.name_of(live))
        if not self._off:
            database = _ask(live, _DATABASE_SQL)
            self._off = database is None or database != _ask(ours, _DATABASE_SQL)
        if not self._off:
            self._listen(live)
            self._look(live, 0, every=True)

    def before(self) -> None:
        """A statement is about to go."""
        self._began = time.perf_counter()
        self._said.clear()

    def after(self, connection: Any, ordinal: int, sql: str, failed: bool) -> None:
        """It came back. After an error there is nothing that could be asked."""
        live = _live(connection)
        if self._off or live is None or is_bookkeeping(sql):
            return
        self._hear(live)
        if failed:
            within = "" if drivers.commits_each(live) else self._within
            trace = self._trace(ordinal, within, time.perf_counter(), 0.0, (), 0)
            self.tell(replace(trace, looked=False))
            return
        self._look(live, ordinal, every=drivers.commits_each(live))

    def _look(self, live: Any, ordinal: int, *, every: bool) -> None:
        ended = time.perf_counter()
        rows = _ask(live, EVERY_SQL if every else LOCKED_SQL)
        if rows is None:
            return
        *locks, (_, transaction, since, _, wal, *_) = rows
        kinds = self._kinds(live, locks)
        if kinds is None:
            return
        relations = _joined(locks, kinds)
        seen = list(filter(None, (self._seen(one, first=ordinal == 0) for one in relations)))
        if every:
            gone = self._known.keys() - {one.oid for one in relations}
            seen += [SeenRelation(oid, "", "", (), 0) for oid in sorted(gone)]
            for oid in gone:
                del self._known[oid]
        grown, self.wal = max(0, int(wal) - self.wal), int(wal)
        probing = time.perf_counter() - ended
        # one that commits by itself has no transaction that outlives it
        self._within = "" if every and ordinal else f"{since} beside" if self.beside else transaction
        if ordinal or not self.beside:
            self.tell(
                self._trace(ordinal, self._within, ended, probing, tuple(seen), grown if ordinal else 0)
            )

    def _kinds(self, live: Any, locks: list[Any]) -> dict[int, str] | None:
        """The kind of each relation; asked for where one is met for the first time."""
        kinds = {row[0]: row[2] or self._known.get(row[0], ("", "", 0))[1] for row in locks}
        new = [str(row[0]) for row in locks if not kinds[row[0]] and row[1] != str(row[0])]
        if not new:
            return kinds
        found = _ask(live, _KINDS_SQL.format(", ".join(new)))
        return None if found is None else {**kinds, **dict(found)}

    def _seen(self, now: SeenRelation, *, first: bool) -> SeenRelation | None:
        """A relation as it is, with what was counted since the last look; None where nothing of it is news."""
        oid = now.oid
        scans, rows = self._scans.get(oid, 0), self._rows.get(oid, 0)
        pages, read = self._pages.get(oid, (0, 0))
        counted = now.kind in _COUNTING
        more = (max(0, now.scans - scans), max(0, now.rows - rows)) if counted else (0, 0)
        if now.name:  # what is gone may come back, by a savepoint
            self._scans[oid], self._rows[oid] = (now.scans, now.rows) if counted else (0, 0)
            self._pages[oid] = now.pages, now.read
        before = self._known.get(oid)
        changed = before != (now.name, now.kind, now.node)
        self._renamed = self._renamed or (before is not None and before[0] != now.name)
        self._known[oid] = (now.name, now.kind, now.node)
        if not (now.modes or any(more) or changed):
            return None
        if first:
            return replace(now, scans=0, rows=0, pages=0, read=0)
        return replace(
            now, scans=more[0], rows=more[1], pages=max(0, now.pages - pages), read=max(0, now.read - read)
        )

    def _trace(
        self,
        ordinal: int,
        transaction: str,
        ended: float,
        probing: float,
        seen: tuple[SeenRelation, ...],
        wal: int,
    ) -> Trace:
        began = self._began if ordinal else ended
        said = tuple(self._said[:_MOST_SAID])
        times = began - self.step, ended - self.step, probing
        return Trace(ordinal, transaction, *times, seen, wal, said, beside=self.beside)

    # ---- what the server says

    def _listen(self, live: Any) -> None:
        driver, inner = drivers.name_of(live), _inner(live)
        if driver in ("psycopg", "psycopg_async"):
            with suppress(ValueError):
                inner.remove_notice_handler(self._take_diagnostic)
            inner.add_notice_handler(self._take_diagnostic)
        elif driver == "psycopg2" and not isinstance(live.notices, _Notices):
            # its own list keeps the last fifty alone
            live.notices = _Notices()
        elif driver == "asyncpg":
            inner.add_log_listener(self._take_logged)

    def _hear(self, live: Any) -> None:
        """What psycopg2 has put down."""
        if drivers.name_of(live) == "psycopg2":
            for text in live.notices:
                severity, _, rest = str(text).partition(":")
                self._take(severity.strip(), " ".join(rest.split()))
            del live.notices[:]

    def _take_diagnostic(self, diagnostic: Any) -> None:
        detail = diagnostic.message_detail
        text = diagnostic.message_primary or ""
        self._take(diagnostic.severity_nonlocalized or "", f"{text} DETAIL: {detail}" if detail else text)

    def _take_logged(self, connection: Any, message: Any) -> None:
        detail = getattr(message, "detail", None)
        text = str(getattr(message, "message", message))
        severity = getattr(message, "severity_en", None) or getattr(message, "severity", "")
        self._take(str(severity or ""), f"{text} DETAIL: {detail}" if detail else text)

    def _take(self, severity: str, text: str) -> None:
        if severity.startswith("DEBUG") and not _WORK.match(text):
            return
        if len(self._said) < _MOST_SAID:
            self._said.append(f"{severity}: {text[:_LONGEST]}")


class _Notices(list[Any]):
    """A list that psycopg2 does not cut: it trims only one of exactly its own kind."""


def _joined(locks: list[Any], kinds: dict[int, str]) -> list[SeenRelation]:
    """One a relation, with all its locks."""
    modes: dict[int, set[str]] = {}
    for row in locks:
        modes.setdefault(row[0], set()).update((row[3],) if row[3] else ())
    return [
        SeenRelation(
            oid,
            *_named(oid, name, kinds[oid]),
            tuple(sorted(modes[oid])),
            node,
            scans,
            rows,
            asked,
            asked - hit,
        )
        for oid, name, node, scans, rows, asked, hit in (
            (row[0], row[1], *map(int, row[4:])) for row in {row[0]: row for row in locks}.values()
        )
    ]


def _named(oid: int, name: str, kind: str) -> tuple[str, str]:
    """Name and kind; of what is gone, neither."""
    return ("", "") if name == str(oid) else (name, kind)


def _live(connection: Any) -> Any:
    return getattr(connection.connection, "dbapi_connection", None) if connection is not None else None


def _inner(live: Any) -> Any:
    return getattr(live, "driver_connection", None) or getattr(live, "_connection", live)


def _ask(live: Any, sql: str) -> list[Any] | None:
    """The rows; None where the session can answer nothing now (lost, or in a failed transaction)."""
    try:
        cursor = live.cursor()
        cursor.execute(sql, **_UNPREPARED.get(drivers.name_of(live), {}))
        rows: list[Any] = list(cursor.fetchall())
        cursor.close()
    except Exception:
        return None
    return rows
