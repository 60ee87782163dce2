"""A run stopped before and after every statement of a mixed history, and at random moments: the state is named rightly,
the recommended remedy is applied, `upgrade` finishes, and schema and data are those of an uninterrupted run.

The form in CI stops at two moments; `make sweep` at all of them, in five ways, and at 300 random ones. What the
database is like when it is stopped is judged without asking the product: it is one of the clean states between two
revisions, or it is not.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import TestDatabase
from tests.support.processes import wait_until
from tests.support.projects import Rev
from tests.support.schema import schema_dump
from tests.support.stopping import (
    BEGINS,
    HOOK,
    PATIENCE,
    Proxy,
    Stopped,
    picture,
    proxied,
    reach,
    stop,
    without_socket,
)
from tests.support.warm import ENABLED, of_this_process

pytestmark = pytest.mark.slow

_BLOCK = "with op.get_context().autocommit_block():\n"
_BODIES = {
    "a1": "op.execute('create table t (id int primary key, a int, b int)')\n"
    "op.execute('insert into t select g, g from generate_series(1, 60) g')\n"
    "op.execute(\"create type mood as enum ('calm')\")\n"
    "op.execute('create table u (id int primary key, n int)')\n"
    "op.execute('insert into u values (1, 0), (2, 0)')",
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
    "f6": "op.execute('create table v (id int)')\nop.execute('insert into v values (1)')",
    "g7": _BLOCK + "    op.execute('update u set n = n + 1')\nop.execute('alter table u add column z int')",
}
_MARK = {"d4": "# alembic-safe: re-runnable\n"}
_TABLES = ("t", "u", "v")
_CLEAN = {"at heads", "behind", "at base", "interrupted but clean"}
_DIRTY = {"half applied", "outcome unknown"}
_UPGRADE = ("upgrade", "--fail-on", "never", "--scratch", "off", "--quiet")
# what may be recommended where nothing tells the rows that a revision wrote from others
_UNPROVEN = "g7"
_TIMED_EVERY = 10


def _project(make_project: Any, url: str) -> Any:
    revisions = [
        Rev(name, BEGINS.format(name=name) + body, head=_MARK.get(name, "")) for name, body in _BODIES.items()
    ]
    return make_project(url=url, revisions=revisions, env=lambda text: HOOK + text)


@dataclass
class _Sweep:
    """The history on one server: databases that stand between its revisions, and what they are like."""

    server: Any
    project: Any
    tmp_path: Path
    moments: list[str]
    pictures: dict[str, Any]
    end: tuple[str, Any]
    number: int = 0
    seconds: float = 0.0
    timed: int = 0
    proxy: Proxy | None = None

    def stopped_and_recovered(self, way: str, moment: str) -> str:
        """Stop a run there, and lead it to the end by what is recommended. What was seen on the way."""
        self.number += 1
        database = TestDatabase(f"sweep_{self.number}", self.server)
        before = _before(moment.partition("/")[0])
        self.server.create_database(database.name, f"at_{before}")
        self._point_at(database)
        try:
            if moment[0].isdigit():
                moment = f"{float(moment) * self._uninterrupted():.3f}"
            return self._tried(way, moment, database)
        finally:
            shutil.rmtree(self.project.path / ".alembic-safe", ignore_errors=True)
            self._drop(database.name)

    def _uninterrupted(self) -> float:
        """How long a run to the end takes, in seconds: as the machine is now, which others may use."""
        if self.timed % _TIMED_EVERY == 0:
            database = TestDatabase("timed", self.server)
            self.server.create_database(database.name, "at_base")
            here = self.project.ini.read_text()
            self._point_at(database)
            of_this_process().wait_until_ready()
            began = time.monotonic()
            Stopped(self.project, (*_UPGRADE, "--backup-scope", "full"), {}).wait(PATIENCE)
            self.seconds = time.monotonic() - began
            self.project.ini.write_text(here)
            self._drop(database.name)
        self.timed += 1
        return self.seconds

    def _tried(self, way: str, moment: str, database: TestDatabase) -> str:
        file = self.tmp_path / "reached"
        file.unlink(missing_ok=True)
        env = {"SWEEP": moment, "SWEEP_FILE": str(file), "SWEEP_BASE": database.name}
        run = Stopped(self.project, (*_UPGRADE, "--backup-scope", "full"), env)
        try:
            reach(moment, run, file)
            stop(way, run, file, database, self.proxy)
        except BaseException:
            run.kill_all()
            raise
        wait_until(lambda: not _at_work(database), 60, f"{way} at {moment}: {database.sessions()}")
        here = picture(database, _TABLES)
        clean = here in self.pictures.values()
        said = self._recovered(f"{way} at {moment}", clean)
        assert picture(database, _TABLES) == self.end[1], f"{way} at {moment}: {said}"
        assert schema_dump(database) == self.end[0], f"{way} at {moment}: {said}"
        return f"exit {run.status}, {'clean' if clean else 'dirty'}; {said}"

    def _recovered(self, what: str, clean: bool) -> str:
        """Follow what is recommended until there is nothing to recover, then finish."""
        way = []
        for attempt in range(4):
            told = self.project.run("recover", "--format", "json", timeout=PATIENCE)
            document = told.json()
            diagnosis, recommended = document["diagnosis"], document["recommended"]
            assert diagnosis, f"{what}: {told}"
            way.append(f"{diagnosis['state']} -> {recommended}")
            if attempt == 0:
                _judge(what, clean, document, told)
                status = self.project.run("status", timeout=PATIENCE)
                assert status.exit == told.exit, f"{what}: {told}\n{status}"
            if told.exit in (0, 5):
                break
            assert recommended, f"{what}: {told}"
            done = self.project.run(
                "recover", "--apply", recommended, "--yes", "--format", "json", timeout=PATIENCE
            )
            assert done.exit in (0, 5) or (recommended == "end-session" and done.exit == 6), f"{what}: {done}"
        else:
            raise AssertionError(f"{what}: {way}")
        self.project.run(*_UPGRADE, "--no-backup=test", timeout=PATIENCE).ok()
        return ", ".join(way)

    def _point_at(self, database: TestDatabase) -> None:
        url = database.url()
        if self.proxy is not None:
            url = without_socket(url, self.proxy, self.server)
        line = f"sqlalchemy.url = {url.replace('%', '%%')}"
        text = re.sub(
            r"^sqlalchemy.url = .*$", lambda _: line, self.project.ini.read_text(), flags=re.MULTILINE
        )
        self.project.ini.write_text(text)

    def _drop(self, name: str) -> None:
        with self.server.connect() as connection:
            found = connection.execute(
                "select datname from pg_database where datname ~ %s", (f"^{name}(_|$)",)
            )
            names = [row[0] for row in found.fetchall()]
        for one in names:
            self.server.drop_database(one)


def _judge(what: str, clean: bool, document: Any, told: Any) -> None:
    """Whether the state that is named is what was seen without asking."""
    state = document["diagnosis"]["state"]
    if state in ("orphan session", "running"):
        raise AssertionError(f"{what}: nobody is at work any more: {told}")
    if clean and state == "outcome unknown":
        # its journal had it as sent, and it never arrived: nothing may be claimed of it, and of nothing else
        half = document["evidence"]["half"]
        written = {one["standing"] for one in half["statements"] if one["nature"] != "query"}
        assert written == {"unknown"}, f"{what}: {told}"
    else:
        assert (state in _CLEAN) == clean, f"{what}: {'clean' if clean else 'dirty'}: {told}"
    if state in _CLEAN:
        return
    assert state in _DIRTY, f"{what}: {told}"
    half = document["evidence"]["half"]
    if half["revision"] == _UNPROVEN:
        assert document["recommended"] == "restore", f"{what}: {told}"
    else:
        assert document["recommended"] in ("resume", "roll-back"), f"{what}: {told}"


def _before(revision: str) -> str:
    """The template to start from: the revision before; for a moment of time the base."""
    names = list(_BODIES)
    return names[names.index(revision) - 1] if revision in names[1:] else "base"


def _at_work(database: TestDatabase) -> list[Any]:
    """The sessions of the run that still do something."""
    return [one for one in database.sessions() if one[1].startswith("alembic-safe")]


def _prepared(server: Any, make_project: Any, tmp_path: Path) -> _Sweep:
    """Run the history once, revision by revision, keeping what each leaves as a template."""
    database = TestDatabase("whole", server)
    server.create_database(database.name)
    server.create_database("at_base", database.name)
    project = _project(make_project, database.url())
    file = tmp_path / "moments"
    pictures = {"base": picture(database, _TABLES)}
    for name in _BODIES:
        env = {"SWEEP": "count", "SWEEP_FILE": str(file)}
        run = Stopped(project, (*_UPGRADE, name, "--no-backup=test"), env)
        assert run.wait(PATIENCE) == 0, run.said()
        server.create_database(f"at_{name}", database.name)
        pictures[name] = picture(database, _TABLES)
    # the journal's tables are made by the first run, which a stopped one may have got no further than
    end = (schema_dump(database), picture(database, _TABLES))
    server.drop_database(database.name)
    return _Sweep(server, project, tmp_path, file.read_text().split(), pictures, end)


@pytest.fixture
def sweep(
    request: Any, pg_servers: Any, make_project: Any, tmp_path: Path, monkeypatch: Any
) -> Iterator[_Sweep]:
    """The history on a server of its own kind: one that keeps what it says is committed, where it is crashed."""
    way = request.node.callspec.params["way"]
    server = pg_servers(max(_majors()), durable=way in ("crash", "immediate"))
    monkeypatch.setenv(ENABLED, "1")
    with ExitStack() as stack:
        found = _prepared(server, make_project, tmp_path)
        if way == "network":
            found.proxy = stack.enter_context(proxied(server))
        try:
            yield found
        finally:
            for name in ("base", *_BODIES):
                server.drop_database(f"at_{name}")


def _majors() -> Sequence[int]:
    from tests.support.databases import MAJORS

    return MAJORS


@pytest.mark.parametrize(("way", "moment"), [("terminate", "b2/after:3"), ("kill", "b2/before:4")])
def test_stopped_at_some_moments(way: str, moment: str, sweep: _Sweep) -> None:
    assert moment in sweep.moments
    print(sweep.stopped_and_recovered(way, moment))


def _all(sweep: _Sweep, tried: list[tuple[str, str]]) -> None:
    """Try each, and tell of each (on stderr, which of a suite's worker process is seen); what failed is told
    again at the end.
    """
    failed = []
    for at, (way, moment) in enumerate(tried, start=1):
        began = time.monotonic()
        try:
            said = sweep.stopped_and_recovered(way, moment)
        except Exception as error:
            said = f"FAILED: {str(error)[:4000]}"
            failed.append(f"{way} at {moment}: {traceback.format_exc(limit=6)[-6000:]}")
        print(
            f"{at}/{len(tried)} {way} at {moment}: {said} ({time.monotonic() - began:.1f} s)", file=sys.stderr
        )
    print(f"{len(tried) - len(failed)} of {len(tried)} recovered", file=sys.stderr)
    assert not failed, "\n\n".join(failed)


@pytest.mark.sweep
@pytest.mark.timeout(14400)
@pytest.mark.parametrize("way", ["kill", "terminate", "immediate", "crash", "network"])
def test_stopped_at_every_moment(way: str, sweep: _Sweep) -> None:
    only = os.environ.get("SWEEP_MOMENTS", "")
    moments = [one for one in sweep.moments if not only or one in only.split(",")]
    _all(sweep, [(way, moment) for moment in moments])


@pytest.mark.sweep
@pytest.mark.timeout(14400)
@pytest.mark.parametrize("way", ["random"])
def test_stopped_at_every_random_moment(way: str, sweep: _Sweep) -> None:
    """The command, its worker, or all of its processes are killed after a random share of an uninterrupted run."""
    chance = random.Random(int(os.environ.get("SWEEP_SEED", "1")))
    count = int(os.environ.get("SWEEP_RANDOM", "300"))
    ways = ("kill", "kill-all", "kill-worker")
    moments = [f"{chance.uniform(0, 1):.4f}" for _ in range(count)]
    _all(sweep, [(chance.choice(ways), moment) for moment in moments])
