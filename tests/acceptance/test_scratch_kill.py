"""What a killed command leaves of its scratch: nothing but a database or a folder, which the next use removes."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.databases import MAJORS, TestDatabase
from tests.support.processes import is_running, wait_until
from tests.support.projects import Project, Rev

pytestmark = pytest.mark.skipif(MAJORS == (0,), reason="no PostgreSQL programs on this machine")

# cannot be rendered, says where it is, and takes its time
SLOW = Rev("b2", "op.get_bind().execute(sa.text('select 1')).scalar_one()\nop.execute('select pg_sleep(60)')")
JUDGED = ("--dialect", "postgresql")
GIVEN = (*JUDGED, "--scratch", "env:CI_URL")
JSON = ("--format", "json")
QUICK = Rev("a1", "op.get_bind().execute(sa.text('select 1')).scalar_one()")
OURS = "select datname from pg_database where datname like 'alembic_safe_scratch%'"
BUSY = "select pid from pg_stat_activity where datname like 'alembic_safe_scratch%' and query like '%pg_sleep(60)%'"


def server_url(database: TestDatabase) -> dict[str, str]:
    return {"CI_URL": database.server.url("psycopg").replace("+psycopg", "")}


def children_of(pid: int) -> dict[int, str]:
    """Children of another process: pid -> command line."""
    found = {}
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for word in task.read_text().split():
            with contextlib.suppress(OSError):  # gone since it was listed
                found[int(word)] = Path(f"/proc/{word}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


@pytest.mark.long
def test_supervisor_killed_on_a_given_server(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    project = make_project(revisions=[QUICK, SLOW])
    process = project.start("check", "b2", *GIVEN, env=server_url(pg_database))
    wait_until(lambda: pg_database.fetch(BUSY), 120, "the revision on the scratch")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not project.left_behind(), 10, "the worker to end with its supervisor")
    # the backend notices within half a second that its client is gone
    wait_until(lambda: not pg_database.fetch(BUSY), 10, "the backend to end with its worker")
    assert len(pg_database.fetch(OURS)) == 1
    project.add_revision("c3", "a1", "op.get_bind().execute(sa.text('select 2')).scalar_one()")
    done = project.run(
        "check",
        "c3",
        *GIVEN,
        *JSON,
        env=server_url(pg_database),
    )
    assert done.json()["scratch"][0]["read"] == ["c3"], done
    assert pg_database.fetch(OURS) == []


@pytest.mark.long
def test_database_in_use_is_no_leftover(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    project = make_project(revisions=[QUICK, SLOW])
    process = project.start("check", "b2", *GIVEN, env=server_url(pg_database))
    wait_until(lambda: pg_database.fetch(BUSY), 120, "the revision on the scratch")
    other = make_project(revisions=[QUICK])
    done = other.run(
        "check",
        "a1",
        *GIVEN,
        *JSON,
        env=server_url(pg_database),
    )
    assert done.json()["scratch"][0]["read"] == ["a1"], done
    assert pg_database.fetch(BUSY), "the other command's scratch was dropped under it"
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=90)
    wait_until(lambda: not pg_database.fetch(OURS), 10, "the interrupted command to drop its own")


def test_worker_killed(make_project: Callable[..., Project], pg_database: TestDatabase) -> None:
    project = make_project(revisions=[QUICK, SLOW])
    process = project.start(
        "check",
        "b2",
        *GIVEN,
        *JSON,
        env=server_url(pg_database),
    )
    ((backend,),) = wait_until(lambda: pg_database.fetch(BUSY), 120, "the revision on the scratch")
    workers = [
        pid for pid in project.left_behind() if pid != process.pid and _holds_a_socket_like(pid, process.pid)
    ]
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    out, _ = process.communicate(timeout=120)
    assert '"revision-not-inspectable"' in out
    assert "was ended by SIGKILL" in out
    wait_until(lambda: not pg_database.fetch(f"select 1 from pg_stat_activity where pid = {backend}"), 10)
    assert pg_database.fetch(OURS) == []


def _holds_a_socket_like(pid: int, supervisor: int) -> bool:
    """A worker: neither the command nor the fork server, which is the command's own child."""
    return pid not in children_of(supervisor)


def test_supervisor_killed_with_a_server_of_ours(make_project: Callable[..., Project]) -> None:
    project = make_project(
        revisions=[QUICK, Rev("b2", "op.get_bind().scalar(sa.text('select pg_sleep(60)')) + 1")]
    )
    process = project.start("check", "b2", *JUDGED)

    def server() -> tuple[int, Path] | None:
        for pid, line in children_of(process.pid).items():
            words = line.split()
            if "-D" in words and Path(words[0]).name == "postgres":
                return pid, Path(words[words.index("-D") + 1]).parent
        return None

    found = wait_until(server, 120, "the temporary server")
    assert found is not None
    pid, folder = found
    wait_until(lambda: (folder / "server.log").exists(), 10)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not is_running(pid), 10, "the server to end with the command")
    wait_until(lambda: not project.left_behind(), 10, "the worker to end with its supervisor")
    assert folder.exists()
    project.add_revision("c3", "a1", "op.get_bind().scalar(sa.text('select 1')) + 1")
    done = project.run("check", "c3", *JUDGED, "--format", "json", timeout=180)
    assert done.json()["scratch"][0]["read"] == ["c3"], done
    assert not folder.exists()
