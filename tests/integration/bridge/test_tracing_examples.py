"""Every rule's example pair, run as a rehearsal runs it: what is seen of each statement is what the server did.

What the server did is asked of its own views, by a session that is not the tracer's code: locks of the backend, files
before and after, its counters.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from alembic_safe.bridge.worker.tracing import SETTING, Tracer
from alembic_safe.model.traces import Trace
from alembic_safe.rehearsal.observed import MODES, Observation, observations
from alembic_safe.rehearsal.watching import Known, SeenStep
from tests.unit.rules.examples import base_of, folders, for_sqlite, revisions, run

_EMPTY = "DROP SCHEMA IF EXISTS old CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
_NAMES = """
SELECT c.oid, c.oid::regclass::text, c.relkind::text, pg_relation_filenode(c.oid)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid >= 16384 AND n.nspname !~ '^pg_' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I')
"""
_LOCKS = """
SELECT relation, mode FROM pg_locks
 WHERE pid = {} AND locktype = 'relation' AND granted AND relation >= 16384
"""
_SCANS = "SELECT relid, coalesce(seq_scan, 0) FROM {} WHERE relid >= 16384"


class Beside:
    """What a statement did by the server's own views, of relations that were there before the revision."""

    def __init__(self, outside: Any) -> None:
        self._outside = outside
        self.done: list[tuple[str, dict[str, Any]]] = []
        self._old: dict[int, tuple[str, str]] = {}
        self._nodes: dict[int, int] = {}
        self._scans: dict[int, int] = {}

    def begin(self, cursor: Any) -> None:
        """A revision begins."""
        rows = self._outside.execute(_NAMES).fetchall()
        self._old = {oid: (name, kind) for oid, name, kind, _ in rows}
        self._nodes = {oid: node for oid, _, _, node in rows}
        self._scans = self._counted(cursor)

    def look(self, cursor: Any, sql: str, pid: int) -> None:
        """After a statement. Locks are seen from outside, what is not committed from inside."""
        locks: dict[str, int] = {}
        for oid, mode in self._outside.execute(_LOCKS.format(pid)).fetchall():
            if oid in self._old and mode in MODES:
                name = self._old[oid][0]
                locks[name] = max(locks.get(name, 0), MODES[mode])
        now = {oid: node for oid, _, _, node in cursor.execute(_NAMES).fetchall()}
        rewritten = {
            name
            for oid, (name, kind) in self._old.items()
            if kind in "rm" and oid in now and now[oid] != self._nodes[oid]
        }
        self._nodes |= now
        scans = self._counted(cursor)
        scanned = {
            self._old[oid][0]
            for oid, count in scans.items()
            if oid in self._old and self._old[oid][1] in "rm" and count > self._scans.get(oid, 0)
        }
        self._scans |= scans
        self.done.append((sql, {"locks": locks, "rewritten": rewritten, "scanned": scanned}))

    def _counted(self, cursor: Any) -> dict[int, int]:
        return dict(cursor.execute(_SCANS.format("pg_stat_xact_all_tables")).fetchall())


@contextmanager
def _traced(engine: Any, tracer: Tracer, beside: Beside) -> Iterator[None]:
    """Every statement of a transaction of `engine` is traced, and looked at from beside."""
    seen = {"began": False, "ordinal": 0, "busy": False}

    def before(connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        if not seen["began"]:
            seen["began"] = True
            driver = connection.connection.driver_connection
            driver.execute(SETTING)
            tracer.begin_step(connection)
            beside.begin(driver)
        tracer.before()

    def after(connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        seen["ordinal"] += 1
        tracer.after(connection, seen["ordinal"], sql, failed=False)
        driver = connection.connection.driver_connection
        if not driver.autocommit:
            beside.look(driver, sql, driver.info.backend_pid)
        else:
            beside.done.append((sql, {}))

    sa.event.listen(engine, "before_cursor_execute", before)
    sa.event.listen(engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", before)
        sa.event.remove(engine, "after_cursor_execute", after)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1200)
def test_of_every_example_all_is_seen(any_pg_database: Any) -> None:
    pytest.importorskip("psycopg")
    held, wrong = 0, []
    outside = any_pg_database.connect()
    for folder in folders():
        if for_sqlite(folder):
            continue
        for kind in ("unsafe", "safe"):
            outside.execute(_EMPTY.encode())
            outside.execute(base_of(folder).encode())
            outside.execute("ANALYZE")
            for path in revisions(folder, kind):
                for seen, did in _run(path, any_pg_database, outside):
                    held += 1
                    found = {
                        "locks": dict(seen.locks),
                        "rewritten": set(seen.rewritten),
                        "scanned": set(seen.scanned),
                    }
                    if found != did[1]:
                        wrong.append((f"{folder.name}/{path.name}", did[0], found, did[1]))
    assert wrong == []
    assert held > 200


def _run(path: Any, database: Any, outside: Any) -> list[tuple[Observation, tuple[str, dict[str, Any]]]]:
    """Each statement that a transaction holds: what the tracer saw, and what the server did."""
    traces: list[Trace] = []
    engine = sa.create_engine(database.url("psycopg"), poolclass=sa.pool.NullPool)
    beside = Beside(outside)
    with _traced(engine, Tracer(traces.append), beside), suppress(DBAPIError):
        run(path, engine)
    engine.dispose()
    if not traces:
        return []
    before = {one.oid: Known(one.name, one.kind, one.node) for one in traces[0].relations}
    step = SeenStep(0, 0, None, "upgrade", before, {one.ordinal: one for one in traces})  # type: ignore[arg-type]
    return [
        (one, beside.done[one.ordinal - 1])
        for one in observations(step)
        if one.ordinal <= len(beside.done) and beside.done[one.ordinal - 1][1]
    ]
