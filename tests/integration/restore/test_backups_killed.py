"""SIGKILL while a backup is made, uploaded or pruned: what is listed is good, and no good one is lost that was to stay.

`make kill-backups` kills each a hundred times; the ordinary suite a few times.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.backup import list_backups, verify_backup
from alembic_safe.backup.create import write_manifest
from alembic_safe.backup.store import UNFINISHED, Store
from alembic_safe.backup.stores import open_store
from alembic_safe.model.backups import Manifest
from alembic_safe.model.policies import BackupPolicy
from tests.support.forked import Forked, stop_forking
from tests.support.processes import command_line, kill_group, marked, wait_until
from tests.support.projects import Rev

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
REVISIONS = [Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer))", "op.drop_table('t')")]
KEEP = ("--keep-daily", "3", "--keep-weekly", "0", "--keep-monthly", "0")
COPIES = 12
_PATIENCE = 900  # seconds: a sweep runs for hours beside others' work
KILLS = int(os.environ.get("KILLS", "100"))


@dataclass
class Kept:
    """A project, its store, and how its commands name that."""

    project: Any
    policy: BackupPolicy
    flags: tuple[str, ...]
    environment: dict[str, str]
    forked: bool = False  # a sweep's commands: from a process that has imported them

    @property
    def store(self) -> Store:
        return open_store(self.policy)

    def run(self, *words: str) -> Any:
        return self.project.run("backup", *words, *self.flags, env=self.environment, timeout=_PATIENCE)

    def listed(self) -> dict[str, Manifest]:
        """What is listed, after each was verified."""
        found, unreadable = list_backups(self.store)
        assert all(one.endswith("has no manifest: not a backup, or never finished") for one in unreadable)
        for one in found:
            assert verify_backup(self.store, one.manifest.id).faults == ()
        return {one.manifest.id: one.manifest for one in found}

    def kill(
        self,
        words: tuple[str, ...],
        whom: str,
        begun: Callable[[], object],
        chance: random.Random,
        rest: float,
    ) -> tuple[int, float]:
        """Kill `whom` at some moment of the `rest` seconds after it has `begun`: exit status, how long it worked."""
        process = self._start(words)
        wait_until(lambda: begun() or process.poll() is not None, _PATIENCE, "the work to begin")
        began = time.monotonic()
        if whom == "nobody":
            process.communicate()
            return process.returncode, time.monotonic() - began
        time.sleep(chance.uniform(0, rest))
        if whom == "command":
            process.kill()
        elif whom == "group":
            kill_group(process)
        else:
            wait_until(
                lambda: _kill_tool(process.pid) or process.poll() is not None, _PATIENCE, "a tool to kill"
            )
        process.communicate(timeout=_PATIENCE)
        wait_until(lambda: not marked(self.project.mark), _PATIENCE, "nothing of a killed command works on")
        return process.returncode, time.monotonic() - began

    def _start(self, words: tuple[str, ...]) -> Any:
        if not self.forked:
            return self.project.start("backup", *words, *self.flags, env=self.environment)
        whole = self.project.environment(self.environment)
        return Forked(("backup", *words, *self.flags), self.project.path, whole)


def _kill_tool(command: int) -> bool:
    """Kill a pg_dump or pg_restore that descends from the command, whose environment has no mark of ours."""
    family, at = [command], 0
    while at < len(family):
        for task in Path(f"/proc/{family[at]}/task").glob("*/children"):
            with suppress(OSError):
                family += map(int, task.read_text().split())
        at += 1
    tools = [pid for pid in family[1:] if "/pg_" in command_line(pid).split(" ")[0]]
    for pid in tools:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(tools)


@pytest.fixture(params=["folder", "file", pytest.param("s3", marks=pytest.mark.sweep)])
def keeping(request: Any, make_project: Any, tmp_path: Path) -> Iterator[Callable[[str | None], Kept]]:
    """A function (URL of a database, None for an SQLite file) -> project with a store of that kind."""
    url = f"file://{tmp_path}/remote" if request.param == "file" else None
    if request.param == "s3":
        url = f"{request.getfixturevalue('s3')}/{tmp_path.name}"
    aws = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "FSSPEC_"))}

    def keep(database: str | None) -> Kept:
        project = make_project(revisions=REVISIONS, **({} if database is None else {"url": database}))
        project.run("upgrade", "--no-backup=a test", timeout=200).ok()
        policy = BackupPolicy(project.path / ".alembic-safe/backups", store=url)
        return Kept(project, policy, () if url is None else ("--backup-store", url), aws)

    yield keep
    stop_forking()


def _kill_creates(kept: Kept, times: int, *, uploading: bool = False) -> None:
    """Kill them anywhere, or only from when the first byte of the finished dump is on its way to the store."""
    staging = kept.policy.directory
    victims = ("command", "group") if uploading else ("command", "group", "tool")

    def begun() -> bool:
        return any(staging.glob(f"*.partial/{UNFINISHED}" if uploading else "*.partial"))

    kept.run("create").ok()
    (first,) = kept.listed()
    chance, ends = random.Random(times), Counter[tuple[str, int, str]]()
    _, rest = kept.kill(("create",), "nobody", begun, chance, 0)
    for number in range(times):
        for name in set(kept.store.names()) - {first}:
            kept.store.remove(name)
        whom = victims[number % len(victims)]
        status, _ = kept.kill(("create",), whom, begun, chance, rest)
        after = kept.listed()
        there = len(kept.store.names()) - 1
        ends[whom, status, "listed" if len(after) == 2 else "half there" if there else "not there"] += 1
        print(f"\r{number + 1}", end="", flush=True)
        assert first in after
        assert status in ((0, 7) if whom == "tool" else (0, -signal.SIGKILL)), ends
        assert len(after) in {0: (2,), 7: (1,)}.get(status, (1, 2)), ends
    assert any(status != 0 for _, status, _ in ends), ends
    kept.run("create").ok()
    assert not begun()  # nothing of a killed one stays on this machine
    assert not {one.name for one in staging.iterdir()} - {".gitignore", *kept.store.names()}
    print("create", "uploading" if uploading else "", *kept.flags, dict(ends))


def _kill_prunes(kept: Kept, times: int) -> None:
    kept.run("create").ok()
    ((newest, manifest),) = kept.listed().items()
    chance, ends = random.Random(times), Counter[int]()
    rest = 0.0
    # how long it takes differs from time to time, so that each of a few may have been at its end already
    for number in range(times + 20):
        if number > times and set(ends) != {0}:
            break
        _multiply(kept, manifest, number)
        before = set(kept.store.names())
        assert len(before) >= COPIES + 1

        def begun(whole: set[str] = before) -> bool:
            return set(kept.store.names()) != whole or bool(_half_removed(kept, whole))

        whom = "command" if number else "nobody"
        status, took = kept.kill(("prune", *KEEP), whom, begun, chance, rest)
        print(f"\r{number}", end="", flush=True)
        rest = rest if number else took
        ends[status] += 1
        assert status in (0, -signal.SIGKILL), ends
        after = kept.listed()
        assert set(sorted(before)[-3:]) <= set(after), "a good one is lost that was to be kept"
        assert newest in after
        if status == 0:
            assert set(after) == set(sorted(before)[-3:])
    assert any(status != 0 for status in ends), ends
    print("prune", *kept.flags, dict(ends))


def _half_removed(kept: Kept, names: set[str]) -> bool:
    """Whether the oldest, with which a removal begins, is no longer whole."""
    try:
        kept.store.read(min(names), "manifest.json")
    except OSError:
        return True
    return False


def _multiply(kept: Kept, manifest: Manifest, tried: int) -> None:
    """Copies of the backup, each a day older than the one before, in the place of those that are left."""
    for name in set(kept.store.names()) - {manifest.id}:
        kept.store.remove(name)
    with kept.store.at_hand(manifest.id) as folder:
        contents = {file.name: (folder / file.name).read_bytes() for file in manifest.files}
    for number in range(1, COPIES + 1):
        began = manifest.began - timedelta(days=number)
        name = f"{began:%Y%m%dT%H%M%SZ}-copy-{tried:06}"  # an id is used once
        with kept.store.writing(name) as partial:
            for file, content in contents.items():
                (partial / file).write_bytes(content)
            write_manifest(partial, replace(manifest, id=name, began=began, ended=began))


@pytest.fixture
def filled(pg_database: Any) -> str:
    """The URL of a database with something to dump."""
    pg_database.fetch("CREATE TABLE a AS SELECT g, repeat(md5(g::text), 8) FROM generate_series(1, 30000) g")
    return str(pg_database.url())


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_backup_killed_now_and_then(keeping, filled):
    _kill_creates(keeping(filled), 3)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_prune_killed_now_and_then(keeping):
    _kill_prunes(keeping(None), 2)


@pytest.mark.sweep
@pytest.mark.timeout(7200)
def test_a_backup_killed_a_hundred_times(keeping, filled):
    _kill_creates(replace(keeping(filled), forked=True), KILLS)


@pytest.mark.sweep
@pytest.mark.timeout(7200)
def test_an_upload_killed_a_hundred_times(keeping, filled, pg_database):
    kept = replace(keeping(filled), forked=True)
    if not kept.flags:
        pytest.skip("a folder takes a backup by a rename")
    # a file of several parts
    pg_database.fetch("CREATE TABLE b AS SELECT g, repeat(md5(g::text), 8) FROM generate_series(1, 40000) g")
    _kill_creates(replace(kept, flags=(*kept.flags, "--backup-compression", "none")), KILLS, uploading=True)


@pytest.mark.sweep
@pytest.mark.timeout(7200)
def test_a_prune_killed_a_hundred_times(keeping):
    _kill_prunes(replace(keeping(None), forked=True), KILLS)
