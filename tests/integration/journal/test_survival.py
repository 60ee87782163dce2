"""What was written is there after SIGKILL of the writer; what was announced, also after a server's crash."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.databases.postgresql.server import TemporaryServer
from alembic_safe.errors import AlembicSafeError
from alembic_safe.journal import open_journal
from alembic_safe.model.policies import JournalPolicy
from alembic_safe.model.targets import ConnectParameters
from tests.integration.journal.conftest import a_run, a_statement, a_step, pg_parameters
from tests.support.databases import TestDatabase
from tests.support.processes import clean_environment, run

# Writes as far as it is told, and kills itself the moment the call returns.
WRITER = """
import json, os, signal, sys
from alembic_safe.databases import open_database
from alembic_safe.errors import AlembicSafeError
from alembic_safe.journal import open_journal
from alembic_safe.model.policies import ControlPolicy, JournalPolicy
from alembic_safe.model.targets import ConnectParameters
from tests.integration.journal.conftest import NOON, a_run, a_statement, a_step

dialect, keywords, last = json.loads(sys.argv[1])
database = open_database(ConnectParameters(dialect, "", keywords), policy=ControlPolicy())
journal = open_journal(database, JournalPolicy(), create=True)
calls = [
    ("begin_run", lambda: journal.begin_run(a_run())),
    ("begin_step", lambda: journal.begin_step(a_step())),
    ("begin_statement", lambda: journal.begin_statement(a_statement(outcome="unfinished", autocommit=True))),
    ("set_transaction", lambda: journal.set_transaction("r1", 1, "751")),
    ("end_step", lambda: journal.end_step("r1", 1, outcome="committed", duration=1.0, error=None, ended=NOON,
                                          statements=[a_statement(ordinal=2)])),
]
for name, call in calls:
    call()
    if name == last:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    "last", ["begin_run", "begin_step", "begin_statement", "set_transaction", "end_step"]
)
def test_a_writer_that_is_killed_loses_nothing(
    last: str, parameters: ConnectParameters, opened: Any, tmp_path: Path
) -> None:
    root = Path(__file__).parents[3]
    told = json.dumps([parameters.dialect, dict(parameters.keywords), last])
    environment = clean_environment(tmp_path, {"PYTHONPATH": str(root)})
    ended = run([sys.executable, "-c", WRITER, told], cwd=tmp_path, env=environment)
    assert ended.exit == -signal.SIGKILL, str(ended)
    journal = open_journal(opened(parameters), JournalPolicy(), create=False)
    assert journal is not None
    (found,) = journal.unfinished_runs("shop")
    journal.close()
    written = {
        "begin_run": True,
        "begin_step": bool(found.steps),
        "begin_statement": any(one.autocommit for one in found.statements),
        "set_transaction": bool(found.steps) and found.steps[0].transaction == "751",
        "end_step": bool(found.steps)
        and found.steps[0].outcome == "committed"
        and len(found.statements) == 2,
    }
    names = list(written)
    assert written == {name: names.index(name) <= names.index(last) for name in names}


@pytest.mark.slow
def test_an_announced_statement_survives_a_crash_of_the_server(
    durable_pg: TemporaryServer, durable_pg_database: TestDatabase, opened: Any
) -> None:
    parameters = pg_parameters(durable_pg_database.keywords)
    journal = open_journal(opened(parameters), JournalPolicy(), create=True)
    journal.begin_run(a_run())
    journal.begin_step(a_step())
    journal.begin_statement(a_statement(outcome="unfinished", autocommit=True))
    durable_pg.stop(signal.SIGKILL)
    durable_pg.start()
    journal = open_journal(opened(parameters), JournalPolicy(), create=True)
    (found,) = journal.unfinished_runs("shop")
    assert [one.outcome for one in found.statements] == ["unfinished"]


def test_the_announced_statement_alone_is_flushed(durable_pg_database: TestDatabase, opened: Any) -> None:
    database = opened(pg_parameters(durable_pg_database.keywords))
    journal = open_journal(database, JournalPolicy(), create=True)
    assert database.fetch("SHOW synchronous_commit") == [("off",)]
    journal.begin_run(a_run())

    def unflushed() -> bool:
        """Whether WAL up to now is not on disk yet. The WAL writer flushes within 200 ms by itself."""
        return bool(database.fetch("SELECT pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()")[0][0])

    waited, announced = [], []
    for step in range(1, 21):
        journal.begin_step(a_step(ordinal=step))
        waited.append(unflushed())
        journal.begin_statement(a_statement(step=step, autocommit=True))
        announced.append(unflushed())
    assert sum(waited) >= 10, "a step's begin waits for no disk"
    assert sum(announced) <= 2, "other processes may write WAL in between, but seldom"
    assert database.fetch("SHOW synchronous_commit") == [("off",)], "for that transaction only"


def test_numbers_that_a_crash_gives_out_again(pg_database: TestDatabase, opened: Any) -> None:
    """A copy of a database takes over numbers logged ahead, and after a crash it has those again that runs have."""
    database = opened(pg_parameters(pg_database.keywords))
    journal = open_journal(database, JournalPolicy(), create=True)
    for number in range(3):
        journal.begin_run(a_run(f"r{number}"))
    database.execute("ALTER TABLE alembic_safe.run ALTER COLUMN ordinal RESTART WITH 1")
    journal.begin_run(a_run("r3"))
    assert [history.run.id for history in journal.runs(9)] == ["r3", "r2", "r1", "r0"]
    with pytest.raises(AlembicSafeError):  # the same run twice is another fault
        journal.begin_run(a_run("r3"))
    journal.close()
