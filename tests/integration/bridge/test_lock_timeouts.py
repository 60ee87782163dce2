"""How long statements wait for a lock on a session of the project's: ours, unless its own is stricter."""

from __future__ import annotations

import pytest

from tests.integration.bridge.conftest import ASYNC_DRIVERS, SYNC_DRIVERS, Bridge
from tests.support.databases import TestDatabase
from tests.support.projects import Rev

CASES = [("generic", driver) for driver in SYNC_DRIVERS] + [("async", driver) for driver in ASYNC_DRIVERS]
SHOW = "seen.append({}.exec_driver_sql('show lock_timeout').scalar())\n"
ALTER = "op.execute('create table t{} (id int)')\n"


@pytest.mark.parametrize(("template", "driver"), CASES)
def test_the_least_of_ours_and_the_projects_own(
    template: str, driver: str, bridge: Bridge, make_project, pg_database: TestDatabase
) -> None:
    """A role, a database or a connection may have one of its own; another connection of it may not."""
    pg_database.fetch(f"alter database \"{pg_database.name}\" set lock_timeout = '200ms'")
    body = (
        f"seen = []\n{SHOW.format('op.get_bind()')}{ALTER.format(1)}{SHOW.format('op.get_bind()')}"
        "op.execute('insert into t1 values (1)')\n"
    )
    if template == "generic":
        body += (
            "options = {'options': '-c lock_timeout=9s'}\n"
            "own = sa.create_engine(op.get_bind().engine.url, connect_args=options).connect()\n"
            "own.exec_driver_sql('create table own (id int)')\n" + SHOW.format("own") + "own.close()\n"
        )
    revisions = [
        Rev("a1", body + "print(seen, flush=True)"),
        Rev("b2", f"seen = []\n{ALTER.format(2)}{SHOW.format('op.get_bind()')}print(seen, flush=True)"),
    ]
    project = make_project(template=template, url=pg_database.url(driver), revisions=revisions)
    played = bridge(project, lock_timeout=0.5)
    played.finished
    first = "['200ms', '200ms', '500ms']" if template == "generic" else "['200ms', '200ms']"
    assert [line for line in played.lines if line.startswith("[")] == [first, "['200ms']"]
