"""A run stopped before and after every statement of a mixed history: the state is named rightly, the recommended remedy
is applied, `upgrade` finishes, and schema and data are those of an uninterrupted run.

The form in CI stops at a few moments; `make sweep` at all of them, in four ways.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import wait_until
from tests.support.projects import Rev
from tests.support.schema import schema_dump

pytestmark = pytest.mark.slow

# env.py waits at the moment that SWEEP names ("before:7"), so that the test can do its worst then
_HOOK = """
import builtins, os, time
from sqlalchemy import event
from sqlalchemy.engine import Engine

_moment, _file = os.environ.get("SWEEP", ""), os.environ.get("SWEEP_FILE", "")
_seen = {"before": 0, "after": 0, "commit": 0}
builtins.sweep_counts = False

def _reached(kind):
    if not builtins.sweep_counts:
        return
    _seen[kind] += 1
    if _moment == "count":
        with open(_file, "a") as stream:
            stream.write(f"{kind}:{_seen[kind]}\\n")
    elif f"{kind}:{_seen[kind]}" == _moment:
        open(_file, "w").close()
        while os.path.exists(_file):
            time.sleep(0.05)

event.listen(Engine, "before_cursor_execute", lambda *a, **k: _reached("before"))
event.listen(Engine, "after_cursor_execute", lambda *a, **k: _reached("after"))
event.listen(Engine, "commit", lambda *a, **k: _reached("commit"))
"""
_ON, _OFF = "import builtins; builtins.sweep_counts = True\n", "\nbuiltins.sweep_counts = False"
_BLOCK = "with op.get_context().autocommit_block():\n"
_BODIES = {
    "a1": "op.execute('create table t (id int primary key, a int, b int)')\n"
    "op.execute('insert into t select g, g from generate_series(1, 60) g')\n"
    "op.execute(\"create type mood as enum ('calm')\")\n"
    "op.execute('create table u (id int primary key)')",
    "b2": "op.execute('alter table t add column c int')\n"
    + _BLOCK
    + "    op.execute('create index concurrently ix_a on t (a)')\n"
    "    op.execute('create index concurrently ix_c on t (c)')\n"
    "op.execute('alter table t add constraint positive check (a > 0) not valid')\n"
    + _BLOCK
    + "    op.execute('alter table t validate constraint positive')",
    "c3": _BLOCK + "    op.execute(\"alter type mood add value 'wild'\")\n"
    "op.execute('alter table t add column m mood')",
    "d4": _BLOCK + "    while True:\n"
    "        found = op.get_bind().execute(sa.text('select min(id) from t where b is null')).scalar()\n"
    "        if found is None:\n"
    "            break\n"
    "        op.execute(f'update t set b = a where b is null and id < {found + 20}')\n"
    "op.execute('create index ix_b on t (b)')",
    "e5": "op.execute('alter table u add column t int')\n"
    "op.execute('alter table u add constraint to_t foreign key (t) references t not valid')\n"
    + _BLOCK
    + "    op.execute('alter table u validate constraint to_t')\n"
    "    op.execute('drop index concurrently ix_a')",
    "f6": "op.execute('create table v (id int)')",
}
_MARK = {"d4": "# alembic-safe: re-runnable\n"}
_DATA = "select string_agg(t::text, ' ' order by id) from t"
_STATES = {"at heads", "behind", "interrupted but clean", "half applied"}


def _project(make_project: Any, database: Any) -> Any:
    revisions = [Rev(name, _ON + body + _OFF, head=_MARK.get(name, "")) for name, body in _BODIES.items()]
    return make_project(url=database.url(), revisions=revisions, env=lambda text: _HOOK + text)


def _upgrade(project: Any, moment: str, file: Path) -> Any:
    return project.start(
        "upgrade",
        "--fail-on",
        "never",
        "--backup-scope",
        "full",
        env={"SWEEP": moment, "SWEEP_FILE": str(file)},
    )


def _stop(way: str, process: Any, file: Path, database: Any, server: Any) -> None:
    """Do the worst: the command is killed, its backend ended, or the server crashes and comes back."""
    if way == "terminate":
        database.fetch(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and application_name ~ '^alembic-safe/2'"
        )
    elif way != "kill":
        server.stop(signal.SIGKILL if way == "crash" else signal.SIGQUIT)
    if way != "terminate":
        process.kill()
    file.unlink()  # what still lives goes on
    process.communicate(timeout=60)
    if way in ("crash", "immediate"):
        server.start()


def _end_of(project: Any, database: Any) -> tuple[str, Any]:
    return schema_dump(database), database.fetch(_DATA)


def _moments(project: Any, tmp_path: Path) -> list[str]:
    file = tmp_path / "moments"
    process = _upgrade(project, "count", file)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    return file.read_text().split()


def _sweep(way: str, chosen: Any, server: Any, make: Any, make_project: Any, tmp_path: Path) -> None:
    plain = make()
    whole = _project(make_project, plain)
    moments = _moments(whole, tmp_path)
    expected = _end_of(whole, plain)
    for moment in chosen(moments):
        database = make()
        project = _project(make_project, database)
        _stopped(way, moment, project, database, server, tmp_path / f"{way}-{moment.replace(':', '-')}")
        _recovered(project, f"{way} at {moment}")
        assert _end_of(project, database) == expected, f"{way} at {moment}"
        print(f"{way} at {moment}: recovered")


def _stopped(way: str, moment: str, project: Any, database: Any, server: Any, file: Path) -> None:
    process = _upgrade(project, moment, file)
    wait_until(lambda: file.exists() or process.poll() is not None, 90, f"{way} at {moment}")
    assert process.poll() is None, f"{moment}: {process.communicate()}"
    _stop(way, process, file, database, server)


def _recovered(project: Any, what: str) -> None:
    """Follow what is recommended until there is nothing to recover, then finish."""
    for _ in range(4):
        told = project.run("recover", "--format", "json", timeout=120)
        document = told.json()
        state, recommended = document["diagnosis"]["state"], document["recommended"]
        assert project.run("status", timeout=120).exit == told.exit, f"{what}: {told}"
        assert state in {*_STATES, "orphan session", "invalid index"}, f"{what}: {told}"
        assert document["diagnosis"]["certain"], f"{what}: {told}"
        if told.exit in (0, 5):
            break
        assert recommended, f"{what}: {told}"
        done = project.run("recover", "--apply", recommended, "--yes", "--format", "json", timeout=120)
        assert done.exit in (0, 5, 6), f"{what}: {done}"
        assert recommended == "end-session" or done.exit != 6, f"{what}: {done}"
    project.run("upgrade", "--no-backup=test", "--fail-on", "never", timeout=120).ok()


@pytest.mark.parametrize("way", ["terminate", "kill"])
def test_stopped_at_some_moments(
    way: str, pg: Any, make_pg_database: Any, make_project: Any, tmp_path: Path
) -> None:
    few = os.environ.get("SWEEP_MOMENTS", "after:7").split(",")
    _sweep(
        way, lambda every: [one for one in every if one in few], pg, make_pg_database, make_project, tmp_path
    )


@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("way", ["kill", "terminate", "crash", "immediate"])
def test_stopped_at_every_moment(
    way: str, durable_pg: Any, make_pg_database: Any, make_project: Any, tmp_path: Path
) -> None:
    _sweep(way, lambda every: every, durable_pg, lambda: make_pg_database(durable_pg), make_project, tmp_path)
