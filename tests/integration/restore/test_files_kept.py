"""Files that a restore or a removal touches: kept whole under SQLite's lock, private, and nobody's twice."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.backup import create_backup
from alembic_safe.backup.restore.loading import Stopwatch
from alembic_safe.backup.restore.proof import proof_of
from alembic_safe.backup.restore.trying import try_file
from alembic_safe.backup.stores import FolderStore
from alembic_safe.databases import open_database
from alembic_safe.databases.sqlite import restore
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.restores import Loaded
from alembic_safe.model.targets import ConnectParameters

_WRITE = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('INSERT INTO t VALUES (9)')"


def _make(path: Path, *, mode: str = "delete") -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("CREATE TABLE t (id integer)")
        connection.execute("INSERT INTO t VALUES (1)")
    return path


@pytest.fixture
def backup(tmp_path):
    """A store with one backup of a small file: the store, its folder and the manifest."""
    parameters = ConnectParameters("sqlite", "pysqlite", {"database": str(_make(tmp_path / "app.db"))})
    with closing(open_database(parameters, policy=ControlPolicy())) as database:
        manifest = create_backup(database, policy=BackupPolicy(tmp_path / "b"), run=None, heads={})
    return FolderStore(tmp_path / "b"), tmp_path / "b" / manifest.id, manifest


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_nobody_writes_between_the_copy_of_the_old_file_and_the_swap(tmp_path, backup, monkeypatch, mode):
    """Where there are no hard links the old file is copied, which must not let go of the lock on it."""
    _, folder, _ = backup
    target, kept = _make(tmp_path / "live.db", mode=mode), tmp_path / "live.db.before"
    target.chmod(0o640)
    rename, tried = Path.rename, []

    def no_links(*paths: Path) -> None:
        raise OSError("no hard links here")

    def renaming(path: Path, to: Path) -> Path:
        if to == target:
            done = subprocess.run([sys.executable, "-c", _WRITE, target], capture_output=True, text=True)
            tried.append("locked" in done.stderr)
        return rename(path, to)

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(Path, "rename", renaming)
    at = datetime(2026, 11, 22, tzinfo=timezone.utc)
    with restore.beside(target, folder / "dump", at, lambda: None) as new:
        restore.swap(new, target, kept)
    assert tried == [True]
    assert kept.stat().st_mode & 0o777 == 0o640
    for path in (target, kept):
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT id FROM t").fetchall() == [(1,)]


def test_what_is_tried_is_private_and_can_be_stopped(tmp_path, backup):
    _, folder, manifest = backup
    place, ticks = tmp_path / "place", []
    place.mkdir()
    before = os.umask(0)
    try:
        loaded, _ = try_file(
            manifest, folder / "dump", place, tick=lambda: ticks.append(1), watch=Stopwatch()
        )
    finally:
        os.umask(before)
    assert (loaded.faults, loaded.rows) == ((), 1)
    assert {one.stat().st_mode & 0o777 for one in place.iterdir()} == {0o600}
    assert ticks


def test_two_commands_may_remove_one_backup(backup, monkeypatch):
    store, folder, manifest = backup
    remove = shutil.rmtree
    removals: list[Path] = []

    def racing(path: Path, **how: Any) -> None:
        """Finds a file gone that another command removed meanwhile."""
        if not removals:
            removals.append(path)
            next(one for one in path.rglob("*") if one.is_file()).unlink()
            raise FileNotFoundError(2, "No such file or directory")
        remove(path, **how)

    monkeypatch.setattr(shutil, "rmtree", racing)
    store.remove(manifest.id)
    assert (store.names(), len(removals)) == ((), 1)
    assert [one.name for one in folder.parent.iterdir()] == [".gitignore"]


def test_recovery_is_told_alike_whoever_proved_it(backup):
    _, _, manifest = backup
    took = {"check": 100.0, "fetch": 1.0, "load": 2.0, "analyze": 3.0, "compare": 100.0, "swap": 100.0}
    assert proof_of(manifest, Loaded(1, 1), "a new file", took).recovery_time == 6.0
