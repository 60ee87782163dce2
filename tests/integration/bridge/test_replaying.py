"""A replay on a scratch database: what only a worker that applies for real is otherwise asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from alembic_safe.bridge.scratch import played, playing, replay
from alembic_safe.databases import ScratchPlace, open_scratch
from alembic_safe.model.scratch import Redirect, ScratchPolicy
from tests.integration.bridge.conftest import a_job
from tests.support.databases import TestDatabase
from tests.support.projects import Rev

RUN = "20261122T070300Z-abc123"


@pytest.fixture
def place(pg_database: TestDatabase) -> Iterator[ScratchPlace]:
    """Where scratch databases are made: on the test's own server."""
    policy = ScratchPolicy("server", pg_database.keywords)
    found = open_scratch(policy, dialect="postgresql", run=RUN)
    assert found is not None
    with found:
        yield found


def test_a_concurrent_statement_that_gets_stuck_fails_at_once(
    place: ScratchPlace, make_project: Any, fork_server: Any, pg_database: TestDatabase
) -> None:
    """Nobody cleans up on a scratch, and its worker waited for a word that never came."""
    body = (
        "other = sa.create_engine(op.get_bind().engine.url).connect()\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('create table t (id int)')\n"
        "    other.execute(sa.text('lock table t'))\n"
        "    op.execute(\"set lock_timeout = '50ms'\")\n"
        "    op.execute('create index concurrently ix on t (id)')"
    )
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", body)])
    workers, events = fork_server
    clone = place.make()
    redirect = Redirect((clone,), str(place.folder))
    job = a_job(project, "apply")
    found = replay(workers, job, redirect, sink=events.append, tick=lambda: None, step_seconds=10)
    place.drop(clone)
    assert found.fault is not None
    assert (found.fault.kind, found.fault.sqlstate) == ("revision", "55P03"), found.fault
    assert found.seconds < 10


def test_clones_of_the_last_attempt_stand(
    make_project: Any, fork_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "_MOST_ATTEMPTS", 1)
    project = make_project(env="raise RuntimeError('not here')", revisions=[Rev("a1", "pass")])
    workers, events = fork_server
    place = open_scratch(ScratchPolicy(), dialect="sqlite", run=RUN)
    assert place is not None
    with place:
        found = played(
            place,
            workers,
            (a_job(project, "apply"),),
            sink=events.append,
            tick=lambda: None,
            dialect="sqlite",
        )
        assert [(place.folder / clone.name).exists() for clone in found.clones] == [True]
