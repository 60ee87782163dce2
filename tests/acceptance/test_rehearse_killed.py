"""A rehearsal killed at any moment: the next one, or `doctor --clean`, leaves no clone, and the target was only read.

`pytest --sweep` kills at 50 random moments (REHEARSE_KILLS, REHEARSE_SEED), the suite at two.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.databases import MAJORS, TestDatabase
from tests.support.processes import wait_until
from tests.support.projects import Project, Rev

pytestmark = pytest.mark.skipif(MAJORS == (0,), reason="no PostgreSQL programs on this machine")

_KILLS = int(os.environ.get("REHEARSE_KILLS", "50"))
_SEED = int(os.environ.get("REHEARSE_SEED", "1"))
_LONG = 300.0
_CLONES = "select datname from pg_database where datname like 'alembic\\_safe%'"
# what a write leaves: rows of any table, the system's own included, and files
_WRITES = """
select tup_inserted, tup_updated, tup_deleted, temp_files, temp_bytes
  from pg_stat_database where datname = current_database()
"""
ORDERS = Rev("a1", "op.create_table('orders', sa.Column('id', sa.Integer, primary_key=True))")
WORK = Rev(
    "b2",
    "op.add_column('orders', sa.Column('seen', sa.Integer))\nop.create_index('ix', 'orders', ['seen'])\n"
    "with op.get_context().autocommit_block():\n    op.execute('create index concurrently ix2 on orders (id)')",
)


@pytest.mark.slow
@pytest.mark.long  # test_scratch_kill stands for it in the short form
def test_killed_at_two_moments(
    make_project: Callable[..., Project], pg_database: TestDatabase, tmp_path: Path
) -> None:
    _killed(make_project, pg_database, tmp_path, 2)


@pytest.mark.sweep
@pytest.mark.timeout(4 * 3600)
def test_killed_at_many_moments(
    make_project: Callable[..., Project], pg_database: TestDatabase, tmp_path: Path
) -> None:
    _killed(make_project, pg_database, tmp_path, _KILLS)


def _killed(make: Callable[..., Project], database: TestDatabase, tmp_path: Path, kills: int) -> None:
    project = make(url=database.url(), revisions=[ORDERS, WORK])
    project.run_alembic("upgrade", "a1", timeout=_LONG).ok()
    database.fetch("alter table orders set (autovacuum_enabled = off)")
    database.fetch("insert into orders select generate_series(1, 1000)")
    database.fetch("vacuum analyze orders")
    temporary = tmp_path / "tmp"
    temporary.mkdir(mode=0o777)
    given = {
        "ALEMBIC_SAFE_SCRATCH": database.server.url("psycopg").replace("+psycopg", ""),
        "TMPDIR": str(temporary),
    }
    project.run("backup", "create", env=given, timeout=_LONG).ok()
    time.sleep(1.5)  # a session's counters are sent after a second
    before = database.fetch(_WRITES)
    chance = random.Random(_SEED)
    longest = _whole(project, given)
    seen = 0
    for number in range(kills):
        # by the clock, and every other time by it from when a clone stands: a busy machine starts late
        moment = longest * chance.uniform(0.0, 1.0 if number % 2 else 0.4)
        process = project.start("rehearse", env=given)
        if number % 2 == 0:
            _until_a_clone_stands(process, database)
        time.sleep(moment)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        _all_ended(project, number, moment)
        stood = bool(database.fetch(_CLONES))
        seen += stood
        print(f"kill {number + 1} after {moment:.2f} s{', a clone stood' if stood else ''}", flush=True)
        clean = ("doctor", "--clean") if number // 2 % 2 else ("rehearse",)
        done = project.run(*clean, env=given, timeout=_LONG)
        assert done.exit in (0, 3), done
        assert database.fetch(_CLONES) == [], f"kill {number + 1}, after {moment:.2f} s, then {clean[0]}"
        assert not list(temporary.glob("alembic-safe-servers-*/run-*")), done
    assert seen >= kills // 4, "the kills came at moments that prove nothing"
    print(f"{kills} kills within {longest:.1f} s, {seen} of them while a clone stood")
    time.sleep(1.5)
    assert database.fetch(_WRITES) == before
    assert database.fetch("select version_num from alembic_version") == [("a1",)]


def _until_a_clone_stands(process: subprocess.Popen[str], database: TestDatabase) -> None:
    wait_until(lambda: process.poll() is not None or database.fetch(_CLONES), _LONG, "a clone")


def _all_ended(project: Project, number: int, moment: float) -> None:
    """Nothing outlives its supervisor; what does is named."""
    try:
        wait_until(lambda: not project.left_behind(), 60)
    except AssertionError:
        raise AssertionError(
            f"kill {number + 1}, after {moment:.2f} s: still there: {project.left_behind()}"
        ) from None


def _whole(project: Project, given: dict[str, str]) -> float:
    """Seconds that a rehearsal takes which nobody kills."""
    began = time.monotonic()
    process = project.start("rehearse", env=given)
    process.communicate(timeout=_LONG)
    assert process.returncode == 0
    return time.monotonic() - began
