"""The guide's command for a storage snapshot with a file system that has snapshots (btrfs), while rows are written.

It takes root, a loop device and btrfs-progs; where they are not, a stand-in is what test_recipes has.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from alembic_safe.backup.external import create_external
from alembic_safe.databases import system_identifier
from alembic_safe.databases.postgresql.server import TemporaryServer, choose, find_binaries
from alembic_safe.databases.postgresql.server.account import server_account
from alembic_safe.model.policies import BackupPolicy
from tests.integration.backup.test_recipes import recipe
from tests.support.processes import wait_until

TOOL = """#!/bin/sh
set -e
[ "$1" = snapshot ]
name=snap-$(date -u +%Y%m%dT%H%M%S)
btrfs subvolume snapshot -r "$2" "{snapshots}/$name" >&2
echo "$name"
"""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        os.geteuid() != 0 or None in map(shutil.which, ("btrfs", "mkfs.btrfs", "mount")),
        reason="only root with btrfs-progs may make a file system",
    ),
]


def _run(*words: str | Path) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"


@pytest.fixture
def on_btrfs() -> Iterator[TemporaryServer]:
    """A server whose data is a subvolume of such a file system, which is mounted in its folder."""
    with TemporaryServer(choose(find_binaries()), durable=True) as server:
        disk, data = server.folder / "disk", server.folder / "data"
        image = server.folder / "image"
        with image.open("wb") as file:
            file.truncate(400 << 20)
        _run("mkfs.btrfs", "-q", image)
        disk.mkdir(mode=0o755)
        if subprocess.run(["mount", "-o", "loop", image, disk], capture_output=True, check=False).returncode:
            pytest.skip("no loop device, or no btrfs in this kernel")
        try:
            server.stop(signal.SIGINT)
            _run("btrfs", "subvolume", "create", disk / "pgdata")
            _run("cp", "-a", f"{data}/.", disk / "pgdata")
            (disk / "pgdata").chmod(0o700)
            server_account().own(disk / "pgdata")
            shutil.rmtree(data)
            data.symlink_to(disk / "pgdata")
            server.start()
            yield server
        finally:
            server.stop()
            _run("umount", disk)


def test_a_snapshot_leads_back_to_what_was_committed(on_btrfs, opened, tmp_path, monkeypatch):
    server, disk = on_btrfs, on_btrfs.folder / "disk"
    (tmp_path / "your-tool").write_text(TOOL.format(snapshots=disk))
    (tmp_path / "your-tool").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), str(server.bindir), os.environ["PATH"]]))
    command = recipe("A storage snapshot").replace("/srv/pgdata", f"{disk}/pgdata")
    command = command.replace("/snapshots/", f"{disk}/")
    with server.connect() as connection:
        connection.execute("CREATE TABLE customer (id bigint)")
    stop, written = threading.Event(), 0

    def write() -> None:
        nonlocal written
        with suppress(psycopg.OperationalError), server.connect() as connection:
            while not stop.is_set():
                connection.execute("INSERT INTO customer VALUES (%s)", [written])
                written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_until(lambda: written > 20, 30, "rows")
        before, database = written, opened(server.keywords())
        policy = BackupPolicy(tmp_path / "backups", command=command)
        manifest = create_external(database, policy=policy, run="r1", heads={"alembic_version": ("a",)})
        assert manifest.external["system"] == manifest.system == system_identifier(database)
        database.close()
    finally:
        stop.set()
        writer.join()
    assert written > before
    with server.connect() as connection:
        connection.execute("DROP TABLE customer")

    server.stop(signal.SIGINT)
    _run("btrfs", "subvolume", "snapshot", disk / manifest.external["id"], disk / "back")
    data: Any = server.folder / "data"
    data.unlink()
    data.symlink_to(disk / "back")
    server.start()
    with server.connect() as connection:
        rows = connection.execute("SELECT id FROM customer ORDER BY 1").fetchall()
    assert rows == [(number,) for number in range(len(rows))]
    assert before <= len(rows) <= written
