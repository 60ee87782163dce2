"""However a worker ends, it is seen, named, and gone: killed, hung, exited, with threads, with too much to say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import StepAwaited, StepBegun, StepFailed
from tests.integration.bridge.conftest import Bridge, processes_in, versions
from tests.support.processes import is_running, wait_until
from tests.support.projects import Rev

ONE = [Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer))")]


def _with(code: str, *, end: str = ""):
    """env.py with code at its import, and after it all."""
    return lambda text: f"{textwrap.dedent(code)}\n{text}\n{textwrap.dedent(end)}\n"


@pytest.fixture(params=["fork", "spawn"])
def workers(request, bridge):
    """Workers of the test's own, started either way."""
    with Workers(bridge.sink.append, start_timeout=20, fork=request.param == "fork") as made:
        yield made


def test_both_ways_of_starting_do_the_same(bridge: Bridge, make_project, workers):
    env = _with(
        """
        import atexit, sys, threading, time
        print("talks")
        atexit.register(lambda: print("goodbye"))
        threading.Thread(target=time.sleep, args=(60,), name="the-flusher").start()
        """
    )
    project = make_project(revisions=ONE, env=env)
    began = time.monotonic()
    played = bridge.play(workers, project)
    assert played.finished.threads == ("the-flusher",)
    assert played.lines[0] == "talks" and played.lines[-1] == "goodbye"
    assert versions(project.database_file) == ["a1"]
    assert time.monotonic() - began < 20
    played = bridge.play(workers, make_project(revisions=ONE, env=_with("import os; os._exit(3)")))
    assert "left with status 3" in str(played.died)


def test_a_killed_worker_is_named_by_its_signal(bridge: Bridge, make_project):
    kill = "import os, signal\nprint('last words', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    played = bridge(make_project(revisions=[*ONE, Rev("b2", kill)]))
    assert "was ended by SIGKILL" in str(played.died)
    assert played.died and "last words" in (played.died.detail or "")
    assert played.of(StepBegun)[-1].revision.id == "b2"


def test_a_connection_that_is_lost_between_two_steps_fails_the_second(
    bridge: Bridge, make_project, pg_database
):
    """It is lost before the second step's first word: that step has begun, failed, and done nothing."""
    revisions = [Rev("a1", "op.execute('create table t (id int)')"), Rev("b2", "op.execute('select 1')")]

    def on(worker, message):
        if not isinstance(message, StepAwaited):
            return None
        if message.step == 2:
            pg_database.fetch(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where application_name = 'alembic-safe/test' and datname = current_database()"
            )
        worker.proceed()
        return True

    played = bridge(make_project(url=pg_database.url(), revisions=revisions), on=on, paced=True)
    assert played.committed == ["a1"]
    assert [m.revision.id for m in played.of(StepBegun)] == ["a1", "b2"]
    assert [m.step for m in played.of(StepFailed)] == [2]
    assert "connection" in played.why
    assert versions(pg_database) == ["a1"]


def test_a_connection_that_is_lost_before_the_first_step_is_no_fault_of_the_project(
    bridge: Bridge, make_project, pg_database
):
    def env(text):
        runs = "        with context.begin_transaction():\n"
        assert runs in text
        ends = "        connection.exec_driver_sql('select pg_terminate_backend(pg_backend_pid())')\n"
        return text.replace(runs, ends + runs)

    played = bridge.probe(make_project(url=pg_database.url(), revisions=ONE, env=env))
    assert played.failed is not None
    assert played.failed.kind == "UnreachableError", played.failed
    assert "was lost" in played.failed.message


@pytest.mark.parametrize(
    ("revision", "env", "where"),
    [
        ("raise SystemExit(4)", "", "revision"),
        ("import sys\nsys.exit('no')", "", "revision"),
        ("", "import sys; sys.exit(7)", "env.py"),
    ],
)
def test_an_exit_is_named_with_its_place(bridge: Bridge, make_project, revision, env, where):
    project = make_project(revisions=[Rev("a1", revision)], env=_with(env))
    played = bridge(project)
    assert played.failed and played.failed.kind == "WorkerError"
    assert "sys.exit(" in played.failed.message
    named = project.versions / "a1_revision.py" if where == "revision" else project.env
    assert f"{named}:" in played.failed.message
    if where == "revision":
        (failed,) = played.of(StepFailed)
        assert failed.source and failed.source.file == str(named)
        assert versions(project.database_file) == []


def test_a_hang_is_ended_and_says_where(bridge: Bridge, make_project):
    project = make_project(
        revisions=ONE, env=_with("import time\ndef wait_for_ever():\n    time.sleep(60)\nwait_for_ever()")
    )
    with Workers(bridge.sink.append, start_timeout=1.5) as workers:
        played = bridge.play(workers, project, "probe")
    assert "no target within 1.5 s" in str(played.died)
    assert played.died and "wait_for_ever" in (played.died.detail or "")
    assert not processes_in(project.path)


def test_a_hung_exit_handler_is_cut_and_named(bridge: Bridge, make_project):
    env = _with("import atexit, time\n@atexit.register\ndef say_goodbye():\n    time.sleep(60)")
    began = time.monotonic()
    played = bridge(make_project(revisions=ONE, env=env))
    played.finished
    assert time.monotonic() - began < 15
    assert any("say_goodbye" in line for line in played.lines), played.lines


def test_an_exit_handler_may_say_more_than_a_pipe_holds(bridge: Bridge, make_project):
    env = _with("import atexit\natexit.register(lambda: print('x' * 300_000, 'the end', sep='\\n'))")
    played = bridge(make_project(revisions=ONE, env=env))
    played.finished
    assert played.lines[-1] == "the end"


def test_a_failing_exit_handler_is_said(bridge: Bridge, make_project):
    played = bridge(make_project(revisions=ONE, env=_with("import atexit\natexit.register(lambda: 1 / 0)")))
    played.finished
    assert any("ZeroDivisionError" in line for line in played.lines)


def test_output_of_any_size_and_kind_is_passed_on(bridge: Bridge, make_project):
    env = _with(
        r"""
        import os, sys
        for n in range(5_000):
            print("line", n)
        sys.stdout.buffer.write(b"\xff\xfe\x00 binary\n")
        sys.stdout.flush()
        os.write(1, b"x" * 8_000_000)
        print()
        os.write(2, b"from C \xc3\xa9\n")
        sys.__stdout__.write("by the old name")
        print("\udcff surrogate")
        """
    )
    began = time.monotonic()
    played = bridge(make_project(revisions=ONE, env=env))
    played.finished
    assert time.monotonic() - began < 30
    assert sum(line.startswith("line ") for line in played.lines) == 5_000
    assert sum(len(line) for line in played.lines) > 8_000_000
    assert max(len(line) for line in played.lines) <= 1 << 17
    assert any("binary" in line for line in played.lines)
    assert "from C é" in played.lines
    assert any("by the old name" in line for line in played.lines)
    assert any("surrogate" in line for line in played.lines)


def test_what_the_project_started_ends_with_the_worker(bridge: Bridge, make_project):
    project = make_project(revisions=ONE)
    project.env.write_text(
        f"import subprocess\nsubprocess.Popen(['sleep', '61'], cwd={str(project.path)!r})\n"
        + project.env.read_text()
    )
    bridge.probe(project).finished
    wait_until(lambda: not processes_in(project.path), 3, "the project's own process ended")


SUPERVISOR = """
import sys, time
from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import Job, StepBegun
job = Job("apply", (sys.argv[1],), "alembic", (), "heads", "upgrade", "alembic-safe/test")
with Workers(lambda event: None, start_timeout=30, fork=sys.argv[2] == "fork") as workers:
    worker = workers.start()
    worker.give(job)
    for message in worker.messages():
        worker.proceed()
        if isinstance(message, StepBegun):
            print("begun", flush=True)
"""


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_nothing_survives_a_killed_supervisor(make_project, pg_database, way):
    started = "import subprocess\nsubprocess.Popen(['sleep', '61'])\n" if way == "fork" else ""
    busy = started + "op.execute('select pg_sleep(60)')"
    project = make_project(url=pg_database.url("psycopg2"), revisions=[Rev("a1", busy)])
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(project.ini), way],
        cwd=project.path,
        stdout=subprocess.PIPE,
        text=True,
        env=project.environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    wait_until(lambda: any("pg_sleep" in query for *_, query in pg_database.sessions()), 10)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    killed = time.monotonic()
    wait_until(lambda: not processes_in(project.path), 3, "its workers and what they started")
    wait_until(lambda: not pg_database.sessions(), 3 - (time.monotonic() - killed), "its sessions")


def test_a_fork_server_that_cannot_import_is_named(bridge: Bridge, tmp_path: Path, monkeypatch):
    (tmp_path / "alembic").mkdir()
    (tmp_path / "alembic" / "__init__.py").write_text("raise ImportError('a broken install')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    from alembic_safe.errors import WorkerError

    with Workers(bridge.sink.append, start_timeout=5, fork=True) as workers:
        with pytest.raises(WorkerError) as caught:
            workers.start()
        assert "a broken install" in (caught.value.detail or "")


def test_a_worker_started_before_its_server_died_is_named(bridge: Bridge, make_project):
    with Workers(bridge.sink.append, start_timeout=5, fork=True) as workers:
        server = workers._starter._process.pid  # type: ignore[attr-defined]
        os.kill(server, signal.SIGKILL)
        wait_until(lambda: not is_running(server), 3)
        from alembic_safe.errors import WorkerError

        with pytest.raises(WorkerError):
            workers.start()
