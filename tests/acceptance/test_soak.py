"""Runs against random blockers, deadlocks and killed connections: each ends in a documented state, once.

The suite makes a few runs; `make soak` makes 500 (SOAK_RUNS, SOAK_SEED), in SOAK_JOBS processes with a server each, and
adds a line a run to the file SOAK_LOG. A run begins where the one before it left the database, until one is done: so it
also meets what the kills left.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.processes import Completed
from tests.support.projects import Rev

pytestmark = [pytest.mark.slow, pytest.mark.timeout(6 * 3600)]

_RUNS = int(os.environ.get("SOAK_RUNS", "3"))
_SEED = int(os.environ.get("SOAK_SEED", "1"))
_JOBS = int(os.environ.get("SOAK_JOBS", "1"))
_LOG = os.environ.get("SOAK_LOG", "")
# a revision is given up after 10 s of retries, and a run alone waits for nobody: what takes longer hangs, or the
# machine is busy (then let it have longer), and what runs then tells which
_LONGEST = float(os.environ.get("SOAK_LONGEST", "120"))
# every so many runs, one without blockers must come to the end
_ALONE_AFTER = 5
_SESSIONS = """
select application_name, pid, state, wait_event_type, wait_event, pg_blocking_pids(pid), left(query, 80)
from pg_stat_activity where datname = current_database()
"""
_SETUP = """
drop schema if exists public cascade; drop schema if exists alembic_safe cascade; create schema public;
create table t (id int primary key, name text); insert into t select g, 'x' from generate_series(1, 5000) g;
create table u (id int primary key, t_id int); insert into u select g, g from generate_series(1, 500) g;
create table done (revision text); create table timeouts (left_set text)
"""
_REVISIONS = [
    Rev("r1", "op.execute('alter table t add column one int')\nop.execute(\"insert into done values ('r1')\")"),
    Rev(
        "r2",
        "op.execute(\"set statement_timeout = '50s'\")\nop.execute('alter table u add constraint fk foreign key (t_id)"
        " references t (id)')\nop.execute(\"insert into done values ('r2')\")",
    ),
    Rev("r3", "with op.get_context().autocommit_block():\n    op.execute('create index concurrently ix on t (name)')"),
    Rev(
        "r4",
        "op.execute(\"insert into done values ('r4')\")\nop.execute('update t set one = 1 where id % 50 = 0')\n"
        "op.execute(\"insert into timeouts values (current_setting('statement_timeout'))\")",
    ),
    Rev("r5", "op.execute('alter table t add column five int')\nop.execute(\"insert into done values ('r5')\")"),
]  # fmt: skip


class Chaos:
    """Sessions that hold, deadlock and kill, until left."""

    def __init__(self, database: Any, chance: random.Random) -> None:
        self._database = database
        self._stop = threading.Event()
        works = [self._reader, self._writer, self._writer]
        if chance.random() < 0.6:  # the others may come to their end
            works.append(self._killer)
        self._threads = [threading.Thread(target=self._run, args=(w, chance.random())) for w in works]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, work: Any, seed: float) -> None:
        chance = random.Random(seed)
        while not self._stop.is_set():
            try:
                with self._database.server.connect(self._database.name, application_name="web") as connection:
                    while not self._stop.is_set():
                        work(connection, chance)
            except psycopg.Error:
                pass  # it was the one that lost

    def _reader(self, connection: Any, chance: random.Random) -> None:
        with connection.transaction():
            connection.execute("select count(*) from t where id < 10")
            self._stop.wait(chance.choice([0.01, 0.1, 1.5]))
        self._stop.wait(chance.random() * 0.3)

    def _writer(self, connection: Any, chance: random.Random) -> None:
        """Locks rows of two tables in either order."""
        statements = ["update t set name = name where id = 50", "update u set t_id = t_id where id = 50"]
        chance.shuffle(statements)
        with connection.transaction():
            connection.execute(statements[0])
            self._stop.wait(chance.random() * 0.05)
            connection.execute(statements[1])
        self._stop.wait(chance.random() * 0.05)

    def _killer(self, connection: Any, chance: random.Random) -> None:
        """Now and then one of the run's own sessions: its worker's, its guard's, its control connection."""
        self._stop.wait(0.2 + chance.random() * 4)
        if chance.random() < 0.5:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'alembic-safe/%'"
                " and datname = current_database() order by random() limit 1"
            )


def _applied(database: Any) -> int:
    """How many revisions the version row says were applied."""
    exists = database.fetch("select to_regclass('public.alembic_version') is not null")[0][0]
    rows = database.fetch("select version_num from alembic_version") if exists else []
    assert len(rows) <= 1
    return int(rows[0][0][1:]) if rows else 0


def _check(database: Any, done: Completed, before: int) -> None:
    """What is there agrees with the version row, each revision did its work once, and what is INVALID was said.

    `before` is how many revisions were applied when the run began.
    """
    assert done.exit in {0, 2, 5, 6, 9, 10}, str(done)
    applied = _applied(database)
    assert applied >= before, str(done)
    written = sorted(name for (name,) in database.fetch("select revision from done"))
    assert written == [f"r{n}" for n in range(1, applied + 1) if n != 3], str(done)
    columns = {
        n
        for (n,) in database.fetch(
            "select column_name from information_schema.columns where table_name = 't'"
        )
    }
    assert ("one" in columns, "five" in columns) == (applied >= 1, applied >= 5), str(done)
    invalid = database.fetch("select indexrelid::regclass::text from pg_index where not indisvalid")
    if applied >= 3:
        assert not invalid and database.fetch("select to_regclass('public.ix') is not null")[0][0]
    if invalid and done.exit != 9:  # 9: the connection is gone, and nothing can be known
        assert done.exit == 6, str(done)
    # what r2 sets is set back before the next revision, where that is not another session's already
    assert database.fetch("select left_set from timeouts") == [("0",)] * (applied >= 4), str(done)
    assert done.exit or applied == 5, str(done)


def _upgrade(database: Any, project: Any, *options: str) -> Completed:
    """Run it to its end; one that hangs fails with what the server and our processes were doing then."""
    seen: list[str] = []

    def look() -> None:
        seen.extend(map(str, database.fetch(_SESSIONS)))
        for pid, words in project.left_behind().items():
            where = Path(f"/proc/{pid}/wchan").read_text()
            seen.append(f"{pid} {where} {words}")

    timer = threading.Timer(_LONGEST - 5, look)
    timer.start()
    try:
        done: Completed = project.run(
            "upgrade", "--no-backup=soak", "--fail-on", "never", *options, timeout=_LONGEST
        )
    except AssertionError as error:
        raise AssertionError("\n".join([*seen, str(error)])) from None
    finally:
        timer.cancel()
        timer.join()
    return done


def _write(number: int, done: Completed, failed: str) -> None:
    """A line of the log."""
    if _LOG:
        line: dict[str, object] = {
            "seed": _SEED,
            "run": number,
            "exit": done.exit,
            "seconds": round(done.seconds, 1),
        }
        line |= {"failed": failed} if failed else {}
        with Path(_LOG).open("a") as log:  # one write of one line: several processes may add theirs
            log.write(json.dumps({**line, "at": time.strftime("%H:%M:%S")}) + "\n")


def _run(number: int, database: Any, project: Any) -> int:
    """One run among blockers, from where the one before left the database; its exit status."""
    before = _applied(database)
    with Chaos(database, random.Random(_SEED * 1_000_003 + number)):
        time.sleep(0.1)
        done = _upgrade(database, project, "--retry-deadline", "10s")
    failed = ""
    try:
        _check(database, done, before)
    except AssertionError as error:
        failed = str(error)
        raise
    finally:
        _write(number, done, failed)
    if done.exit == 6:
        database.fetch("drop index if exists ix")
    return done.exit


def _bring_to_the_end(database: Any, project: Any) -> None:
    """Alone, the next run does what is left."""
    done = _upgrade(database, project)
    if done.exit == 6:
        database.fetch("drop index if exists ix")
        done = _upgrade(database, project)
    assert done.exit == 0, str(done)


@pytest.mark.long
@pytest.mark.parametrize("job", range(_JOBS))
def test_every_run_ends_in_a_documented_state(job: int, pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=_REVISIONS)
    ends: Counter[int] = Counter()
    failed: list[str] = []
    pg_database.fetch(_SETUP)
    for number in range(job, _RUNS, _JOBS):
        try:
            ended = _run(number, pg_database, project)
            ends[ended] += 1
            if ended and (number // _JOBS % _ALONE_AFTER == _ALONE_AFTER - 1 or number + _JOBS >= _RUNS):
                _bring_to_the_end(pg_database, project)
                ended = 0
        except AssertionError as error:  # the others are made all the same
            failed.append(f"run {number}: {error}")
            ended = 0
        if ended == 0:
            pg_database.fetch(_SETUP)
    print(f"exits of {sum(ends.values())} runs: {dict(sorted(ends.items()))}")
    assert not failed, "\n\n".join(failed)
