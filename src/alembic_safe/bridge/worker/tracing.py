"""Looking, from inside the session of a revision on a clone, at what each statement did: locks, files, scans, rows.

What a transaction has not committed is seen by its own session alone, so that this cannot be done from outside. One
query after each statement, on a cursor of our own; never on a target (`Job.trace` is for clones).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
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
_SEEN = """
select r.oid::pg_catalog.int8,
       case when c.oid is null then ''
            when pg_catalog.pg_table_is_visible(c.oid) then pg_catalog.quote_ident(c.relname)
            else pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) end,
       coalesce(c.relkind::pg_catalog.text, ''), coalesce(r.modes, ''),
       coalesce(pg_catalog.pg_relation_filenode(r.oid), 0)::pg_catalog.int8,
       case when c.relkind in ('r', 'm') then coalesce(pg_catalog.pg_stat_get_numscans(r.oid), 0)
         + coalesce(pg_catalog.pg_stat_get_xact_numscans(r.oid), 0) else 0 end,
       case when c.relkind in ('r', 'm') then coalesce(pg_catalog.pg_stat_get_tuples_inserted(r.oid), 0)
         + coalesce(pg_catalog.pg_stat_get_xact_tuples_inserted(r.oid), 0)
         + coalesce(pg_catalog.pg_stat_get_tuples_updated(r.oid), 0)
         + coalesce(pg_catalog.pg_stat_get_xact_tuples_updated(r.oid), 0)
         + coalesce(pg_catalog.pg_stat_get_tuples_deleted(r.oid), 0)
         + coalesce(pg_catalog.pg_stat_get_xact_tuples_deleted(r.oid), 0) else 0 end
  from {source}
  left join pg_catalog.pg_class c on c.oid = r.oid
  left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
union all
select 0, coalesce(pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text, ''), '', '', 0,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::pg_catalog.int8, 0"""
_HELD = """(select l.relation as oid, pg_catalog.string_agg(distinct l.mode, ',') as modes
            from pg_catalog.pg_locks l
           where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.granted
             and l.relation >= 16384 group by l.relation) r"""
_ALL = """(select a.oid, k.modes from pg_catalog.pg_class a
           left join (select l.relation, pg_catalog.string_agg(distinct l.mode, ',') as modes
                        from pg_catalog.pg_locks l
                       where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.granted
                       group by l.relation) k on k.relation = a.oid
          where a.oid >= 16384 and a.relkind in ('r', 'p', 'm', 'f', 'v', 'i', 'I', 'S')
            and not exists (select from pg_catalog.pg_namespace h
                             where h.oid = a.relnamespace and h.nspname ~ '^pg_')) r"""
LOCKED_SQL, EVERY_SQL = _SEEN.format(source=_HELD), _SEEN.format(source=_ALL)


@dataclass(slots=True)
class Tracer:
    """Traces the statements of one target's own connection. `tell` sends what was seen."""

    tell: Callable[[Trace], None]
    _scans: dict[int, int] = field(default_factory=dict)
    _rows: dict[int, int] = field(default_factory=dict)
    _known: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    _wal: int = 0
    _said: list[str] = field(default_factory=list)
    _step: float = 0.0
    _began: float = 0.0
    _off: bool = False

    def begin_step(self, connection: Any) -> None:
        """A step begins on a SQLAlchemy connection: what there is, and where the counters stand."""
        self._step = time.perf_counter()
        live = _live(connection)
        self._off = live is None or not drivers.is_postgresql(drivers.name_of(live))
        if self._off:
            return
        self._listen(live)
        self._look(live, 0, every=not self._known)

    def before(self) -> None:
        """A statement is about to go."""
        self._began = time.perf_counter()
        self._said.clear()

    def after(self, connection: Any, ordinal: int, sql: str, failed: bool) -> None:
        """It came back. After an error there is nothing that could be asked."""
        live = _live(connection)
        if self._off or live is None or _SAVEPOINTS.match(sql):
            return
        self._hear(live)
        if failed:
            self.tell(self._trace(ordinal, "", time.perf_counter(), 0.0, (), 0))
            return
        self._look(live, ordinal, every=drivers.commits_each(live))

    def _look(self, live: Any, ordinal: int, *, every: bool) -> None:
        ended = time.perf_counter()
        rows = _ask(live, EVERY_SQL if every else LOCKED_SQL)
        if rows is None:
            return
        *relations, (_, transaction, _, _, _, wal, _) = rows
        seen = list(filter(None, (self._seen(*row, first=ordinal == 0) for row in relations)))
        if every:
            gone = self._known.keys() - {row[0] for row in relations}
            seen += [SeenRelation(oid, "", "", (), 0) for oid in sorted(gone)]
            for oid in gone:
                del self._known[oid]
        grown, self._wal = max(0, int(wal) - self._wal), int(wal)
        probing = time.perf_counter() - ended
        # one that commits by itself has no transaction that outlives it
        within = "" if every and ordinal else transaction
        self.tell(self._trace(ordinal, within, ended, probing, tuple(seen), grown if ordinal else 0))

    def _seen(
        self, oid: int, name: str, kind: str, modes: str, node: int, scans: int, rows: int, *, first: bool
    ) -> SeenRelation | None:
        """A relation as it is now; None where nothing of it is news."""
        scans, rows = int(scans), int(rows)
        more = max(0, scans - self._scans.get(oid, 0)), max(0, rows - self._rows.get(oid, 0))
        self._scans[oid], self._rows[oid] = scans, rows
        changed = self._known.get(oid) != (name, kind, node)
        self._known[oid] = (name, kind, node)
        held = tuple(sorted(modes.split(","))) if modes else ()
        if not (held or any(more) or changed):
            return None
        return SeenRelation(oid, name, kind, held, node, *((0, 0) if first else more))

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
        return Trace(ordinal, transaction, began - self._step, ended - self._step, probing, seen, wal, said)

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


def _live(connection: Any) -> Any:
    return getattr(connection.connection, "dbapi_connection", None) if connection is not None else None


def _inner(live: Any) -> Any:
    return getattr(live, "driver_connection", None) or getattr(live, "_connection", live)


def _ask(live: Any, sql: str) -> list[Any] | None:
    """The rows; None where the session can answer nothing now (lost, or in a failed transaction)."""
    try:
        cursor = live.cursor()
        cursor.execute(sql)
        rows: list[Any] = list(cursor.fetchall())
        cursor.close()
    except Exception:
        return None
    return rows
