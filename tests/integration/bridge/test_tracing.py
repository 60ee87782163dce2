"""What is seen from inside a session equals what servers were recorded to do: locks, new files, scans."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from alembic_safe.bridge.worker.tracing import SETTING, Tracer
from alembic_safe.model.traces import Trace
from alembic_safe.rehearsal.observed import observations
from alembic_safe.rehearsal.watching import Known, SeenStep
from tests.integration.sql.observing import Case, cases
from tests.integration.sql.recording import Worlds, recorded
from tests.support.databases import DEFAULT_DRIVER

_OTHER = frozenset({"COPY"})  # on a cursor of its own, which SQLAlchemy does not see


def _traced(url: str, statement: str) -> tuple[Trace, ...]:
    """The traces of one statement in a transaction that is rolled back."""
    found: list[Trace] = []
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool, future=True)  # as 1.4 has commit()
    tracer = Tracer(found.append)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(SETTING)
            connection.commit()
            tracer.begin_step(connection)
            tracer.before()
            connection.exec_driver_sql(statement)
            tracer.after(connection, 1, statement, failed=False)
            connection.rollback()
    finally:
        engine.dispose()
    return tuple(found)


def _seen(traces: tuple[Trace, ...]) -> dict[str, Any]:
    first, second = traces
    before = {one.oid: Known(one.name, one.kind, one.node) for one in first.relations}
    step = SeenStep(0, 0, None, "upgrade", before, {one.ordinal: one for one in traces})  # type: ignore[arg-type]
    (one,) = observations(step)
    held = {oid.oid: oid.modes for oid in second.relations if oid.oid in before}
    return {
        "locks": {before[oid].name: list(modes) for oid, modes in sorted(held.items()) if modes},
        "rewrites": sorted(one.rewritten),
        "scans": sorted(one.scanned),
    }


def _wanted(truth: dict[str, Any], kinds: dict[str, str]) -> dict[str, Any]:
    return {
        "locks": {name: sorted(modes) for name, modes in truth["locks"].items() if modes},
        "rewrites": sorted(truth["rewrites"]),
        "scans": sorted(name for name in truth["scans"] if kinds.get(name) in ("r", "p", "m", "f")),
    }


@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_all_that_is_seen_is_what_servers_do(any_pg_database: Any) -> None:
    """Every statement of the recorded cases, on this version, by the tracer of rehearsals."""
    assert _compare(any_pg_database, every=1) > 100


def test_what_is_seen_is_what_servers_do(pg_database: Any) -> None:
    assert _compare(pg_database, every=12) > 5


def test_a_session_that_is_looked_at_often_holds_nothing_of_ours(pg_database: Any) -> None:
    """A revision may ask what is prepared, or have prepared something that is to stay."""
    found: list[Trace] = []
    engine = sa.create_engine(pg_database.url(), poolclass=sa.pool.NullPool, future=True)
    tracer = Tracer(found.append)
    with engine.connect() as connection:
        tracer.begin_step(connection)
        for number in range(1, 10):
            tracer.before()
            connection.exec_driver_sql(f"select {number}")
            tracer.after(connection, number, f"select {number}", failed=False)
        prepared = connection.exec_driver_sql("select statement from pg_prepared_statements").fetchall()
    engine.dispose()
    assert (prepared, len(found)) == ([], 10)


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_async_drivers_are_looked_into_alike(pg_database: Any, driver: str) -> None:
    sqlalchemy_asyncio = pytest.importorskip("sqlalchemy.ext.asyncio")
    url = sa.engine.make_url(pg_database.url()).set(drivername=f"postgresql+{driver}")
    found: list[Trace] = []

    def go(connection: sa.engine.Connection) -> None:
        tracer = Tracer(found.append)
        tracer.begin_step(connection)
        tracer.before()
        connection.exec_driver_sql("create table seen (a int)")
        tracer.after(connection, 1, "create table seen (a int)", failed=False)

    async def main() -> None:
        engine = sqlalchemy_asyncio.create_async_engine(url)
        async with engine.connect() as connection:
            await connection.run_sync(go)
        await engine.dispose()

    try:
        sa.engine.make_url(url).get_dialect()
    except sa.exc.NoSuchModuleError:
        pytest.skip(f"this SQLAlchemy has no {driver}")
    asyncio.run(main())
    assert [[one.name for one in trace.relations] for trace in found] == [[], ["seen"]]


def _compare(database: Any, *, every: int) -> int:
    """Hold every n-th case that a transaction takes against what was recorded; how many were."""
    truth, major, server = recorded(), database.major, database.server
    worlds = Worlds(server.connect, database.name + "_traced")
    wrong, done = [], 0
    try:
        for case in _cases(major)[::every]:
            expected = truth[case.id][str(major)]
            if expected["refuses"]:
                continue
            name = worlds.connection(case.setup).info.dbname
            traces = _traced(server.url(DEFAULT_DRIVER, name), case.statement)
            kinds = {one.name: one.kind for one in traces[0].relations}
            seen, wanted = _seen(traces), _wanted(expected, kinds)
            seen["locks"] = {name: sorted(modes) for name, modes in seen["locks"].items()}
            done += 1
            if seen != wanted:
                wrong.append((case.id, seen, wanted))
    finally:
        worlds.close()
    assert wrong == []
    return done


def _cases(major: int) -> list[Case]:
    return [
        case
        for case in cases()
        if case.first <= major <= case.last and case.statement.split()[0] not in _OTHER
    ]
