"""When a backup cannot be made, or is killed: nothing is listed, nothing is left, nothing leaks."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alembic_safe.backup import list_backups, verify_backup
from alembic_safe.backup.stores import FolderStore
from alembic_safe.errors import BackupError
from tests.support.processes import children, command_line, is_running, wait_until

CREATE = """
import json, sys
from pathlib import Path
from alembic_safe.backup import create_backup
from alembic_safe.databases import open_database
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.targets import ConnectParameters
database = open_database(
    ConnectParameters("postgresql", "psycopg", json.loads(sys.stdin.read())), policy=ControlPolicy()
)
manifest = create_backup(database, policy=BackupPolicy(directory=Path(sys.argv[1])), run=None, heads={})
print(manifest.id)
"""


def _start(keywords, directory: Path) -> subprocess.Popen[str]:
    import json

    child = subprocess.Popen(
        [sys.executable, "-c", CREATE, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    child.stdin.write(json.dumps(keywords))
    child.stdin.close()
    child.stdin = None
    return child


def _dumps(database) -> list[tuple[int, str, str, str]]:
    return [session for session in database.sessions() if session[1] == "alembic-safe/backup"]


@pytest.fixture
def stuck(pg_database):
    """A table that another session holds: pg_dump waits in the middle of its work."""
    pg_database.fetch("CREATE TABLE t AS SELECT 1 AS x")
    other = pg_database.connect()
    other.autocommit = False
    other.execute("LOCK TABLE t")
    yield pg_database
    other.rollback()


def test_sigkill_in_the_middle_leaves_nothing_listed_and_nobody_at_work(stuck, tmp_path, back_up):
    directory = tmp_path / "backups"
    child = _start(stuck.keywords, directory)
    try:
        wait_until(lambda: _dumps(stuck), 10, "pg_dump to work")
        tool = next(pid for pid in _below(child.pid) if "pg_dump" in command_line(pid))
        child.send_signal(signal.SIGKILL)
    finally:
        child.kill()
        child.communicate()
    wait_until(lambda: not is_running(tool), 3, "pg_dump to end with us")
    wait_until(lambda: not _dumps(stuck), 3, "its sessions to end")
    assert list_backups(FolderStore(directory)) == ((), ())
    (partial,) = directory.glob("*.partial")

    stuck._connections[0].rollback()
    manifest = back_up(stuck)
    assert not partial.exists()
    assert [listing.manifest.id for listing in list_backups(FolderStore(directory))[0]] == [manifest.id]


def _below(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/status"):
        try:
            text = entry.read_text()
        except OSError:
            continue
        if f"\nPPid:\t{pid}\n" in text:
            found.append(int(entry.parent.name))
    return found


def test_a_backup_that_is_being_written_is_left_alone_by_the_next(stuck, make_pg_database, tmp_path, back_up):
    child = _start(stuck.keywords, tmp_path / "backups")
    try:
        wait_until(lambda: _dumps(stuck), 10, "pg_dump to work")
        other = back_up(make_pg_database())
        stuck._connections[0].rollback()
        out, err = child.communicate(timeout=30)
    finally:
        child.kill()
        child.communicate()
    assert child.returncode == 0, err
    assert {listing.manifest.id for listing in list_backups(FolderStore(tmp_path / "backups"))[0]} == {
        other.id,
        out.strip(),
    }


def test_no_password_in_any_command_line_manifest_or_file_name(pg_tcp, tmp_path):
    keywords = pg_tcp.keywords("postgres", tcp=True)
    secret = pg_tcp.password
    busy = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'alembic-safe/backup'"
    with pg_tcp.connect() as watcher, pg_tcp.connect() as other:
        watcher.execute("CREATE TABLE held (x int)")
        other.autocommit = False
        other.execute("LOCK TABLE held")
        child = _start(keywords, tmp_path / "backups")
        try:
            wait_until(lambda: watcher.execute(busy).fetchone(), 10, "pg_dump to work")
            seen = [command_line(int(entry.name)) for entry in Path("/proc").glob("[0-9]*")]
            other.rollback()
            out, err = child.communicate(timeout=30)
        finally:
            child.kill()
            child.communicate()
        watcher.execute("DROP TABLE held")

    assert child.returncode == 0, err
    assert any("pg_dump" in line for line in seen)
    assert not [line for line in seen if secret in line]
    folder = tmp_path / "backups" / out.strip()
    for name in ("manifest.json", "manifest.copy.json"):
        assert secret not in (folder / name).read_text()


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o027])
def test_files_are_private_whatever_the_umask(pg_database, tmp_path, back_up, umask):
    pg_database.fetch("CREATE TABLE t AS SELECT 1 AS x")
    sqlite = tmp_path / "app.db"
    before = os.umask(umask)
    try:
        manifests = [back_up(pg_database), back_up(sqlite)]
        verify_backup(FolderStore(tmp_path / "backups"), manifests[0].id)
    finally:
        os.umask(before)

    modes = {}
    for path in (tmp_path / "backups").rglob("*"):
        modes[path] = stat.S_IMODE(path.stat().st_mode)
    assert len(modes) > 12
    assert {path for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == set()
    assert stat.S_IMODE((tmp_path / "backups").stat().st_mode) == 0o700


class _Stop(BaseException):
    pass


def test_a_tick_that_raises_ends_the_tool_and_removes_everything(stuck, tmp_path, back_up):
    began = time.monotonic()

    def tick() -> None:
        if _dumps(stuck):
            raise _Stop

    with pytest.raises(_Stop):
        back_up(stuck, tick=tick)
    assert time.monotonic() - began < 8
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [".gitignore"]
    wait_until(lambda: not _dumps(stuck), 3, "its sessions to end")
    assert not [line for line in children().values() if "pg_dump" in line]


def test_a_table_that_may_not_be_read(pg_database, tmp_path, back_up):
    pg_database.fetch("CREATE TABLE secret_table AS SELECT 1 AS x; CREATE ROLE reader LOGIN")
    try:
        with pytest.raises(BackupError, match=r"may not read public\.secret_table") as caught:
            back_up(pg_database.keywords | {"user": "reader"})
        assert "pg_read_all_data" in caught.value.hint
        assert list((tmp_path / "backups").glob("2*")) == []
    finally:
        pg_database.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'")
        wait_until(lambda: len(pg_database.sessions()) == 0, 3)
        pg_database.fetch("DROP ROLE reader")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB, as root; its path."""
    path = tmp_path / "small"
    path.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", path], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("only root may mount a small file system")
    yield path
    subprocess.run(["umount", path], check=True)


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_a_full_disk_is_named(pg_database, tmp_path, back_up, small_disk, kind):
    if kind == "postgresql":
        pg_database.fetch("CREATE TABLE t AS SELECT gen_random_uuid()::text FROM generate_series(1, 100000)")
        where = pg_database
    else:
        import sqlite3
        from contextlib import closing

        where = tmp_path / "app.db"
        with closing(sqlite3.connect(where)) as connection:
            connection.execute("CREATE TABLE t AS SELECT randomblob(10000000)")
    directory = small_disk / "backups"

    with pytest.raises(BackupError, match="too little room in the backup directory") as caught:
        back_up(where, directory=directory, compression="none")
    assert str(directory) in caught.value.message
    assert "bytes free, for a database of" in caught.value.message
    assert re.search("full|No space left", str(caught.value.detail))
    assert [path.name for path in directory.iterdir()] == [".gitignore"]


def test_obviously_too_little_room_is_refused_before_the_dump(pg_database, back_up, small_disk):
    (small_disk / "fill").write_bytes(b"x" * 2_500_000)

    with pytest.raises(BackupError, match="too little room") as caught:
        back_up(pg_database, directory=small_disk / "backups")
    assert caught.value.detail is None


def test_a_directory_that_cannot_be_written(pg_database, tmp_path, back_up, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    file = tmp_path / "file"
    file.touch()
    for directory, why in (
        (small_disk / "a", "read-only"),
        (small_disk, "read-only"),
        (file, "file"),
        (file / "x", "not a dir"),
    ):
        with pytest.raises(BackupError, match=f"(?i)cannot be written: .*{why}") as caught:
            back_up(pg_database, directory=directory)
        assert "backup-dir" in caught.value.hint
