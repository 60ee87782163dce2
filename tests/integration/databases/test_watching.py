"""What the guard sees of a server."""

from __future__ import annotations

import threading
from typing import Any

from alembic_safe.databases import open_watcher
from alembic_safe.model.guarding import Work
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.targets import ConnectParameters
from tests.support.processes import wait_until


def test_how_far_a_concurrent_build_is(pg_database: Any) -> None:
    """Each row of the table takes its time, so that there is a middle to be seen."""
    with pg_database.connect() as connection:
        connection.execute(
            "create function slow(n int) returns int language plpgsql immutable as"
            " $$begin perform pg_sleep(0.002); return n; end$$;"
            "create table t as select g as id, repeat('x', 700) as filler from generate_series(1, 1000) g"
        )
    parameters = ConnectParameters("postgresql", "psycopg", pg_database.keywords)
    watcher = open_watcher(parameters, policy=ControlPolicy())
    builder = pg_database.connect()
    build = threading.Thread(target=builder.execute, args=("create index concurrently ix on t (slow(id))",))
    seen: list[Work] = []

    def in_the_middle() -> bool:
        work = watcher.work([builder.info.backend_pid])
        seen.extend([work] if work is not None else [])
        return work is not None and 0 < work.done < work.total

    build.start()
    try:
        wait_until(in_the_middle, 20)
    finally:
        build.join(60)
        after = watcher.work([builder.info.backend_pid])
        watcher.close()
    assert seen[-1].command == "CREATE INDEX CONCURRENTLY"
    assert seen[-1].phase == "building index: scanning table"
    assert after is None
