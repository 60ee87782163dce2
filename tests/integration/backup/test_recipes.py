"""The guide's commands for other tools, as they stand there, run against stand-ins that answer as those tools do.

What the stand-ins print has the fields and forms of pgBackRest's `info --output=json` (its command reference) and of
WAL-G's `backup-list --detail --json` (its Go structures: times with nanoseconds, trailing zeros left out).
"""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.backup.external import create_external
from alembic_safe.databases import system_identifier
from alembic_safe.errors import BackupError
from alembic_safe.model.policies import BackupPolicy

GUIDE = Path(__file__).parents[3] / "docs/guides/how-much-to-back-up.md"

PGBACKREST = """
import json, os, sys, time
from pathlib import Path
done = Path(os.environ["STAND_IN"], "done")
if sys.argv[1:] == ["--stanza=shop", "--type=incr", "backup"]:
    print("P00   INFO: backup command begin 2.57.0: --stanza=shop --type=incr")
    done.touch()
elif sys.argv[1:] == ["--stanza=shop", "--output=json", "info"]:
    now = int(time.time())
    system = int(os.environ["STAND_IN_SYSTEM"])
    old = {"label": "20200101-000000F", "type": "full", "database": {"id": 1, "repo-key": 1},
           "lsn": {"start": "0/2000028", "stop": "0/2000100"}, "timestamp": {"start": 1577836800, "stop": 1577836860}}
    new = {"label": "20200101-000000F_20261122-080000I", "type": "incr", "prior": old["label"],
           "database": {"id": 1, "repo-key": 1}, "lsn": {"start": "0/1000028", "stop": "0/1000100"},
           "timestamp": {"start": now - 1, "stop": now}}
    print(json.dumps([{"name": "shop", "status": {"code": 0, "message": "ok"},
                       "backup": [old, new] if done.exists() else [old],
                       "db": [{"id": 1, "repo-key": 1, "system-id": system, "version": "17"}]}]))
else:
    sys.exit(31)
"""
WALG = """
import json, os, sys
if sys.argv[1:] != ["backup-list", "--detail", "--json"]:
    sys.exit("unknown command")
print(json.dumps([
    {"backup_name": f"base_00000001000000000000000{number}", "time": finished, "wal_file_name": "0" * 24,
     "start_time": finished, "finish_time": finished, "date_fmt": "%Y-%m-%dT%H:%M:%S.%fZ", "hostname": "db1",
     "data_dir": "/srv/pgdata", "pg_version": 170004, "start_lsn": 33554472, "finish_lsn": 33554752,
     "is_permanent": False, "system_identifier": int(os.environ["STAND_IN_SYSTEM"]),
     "uncompressed_size": 31457280, "compressed_size": 4194304}
    for number, finished in enumerate(os.environ["STAND_IN_FINISHED"].split(), 1)]))
"""
SNAPSHOT = """
import os, shutil, sys
assert sys.argv[1:] == ["snapshot", "/srv/pgdata"], sys.argv
control = "global/pg_control"  # all that the identity is read from
copy = os.path.join(os.environ["STAND_IN"], "snap-7", control)
os.makedirs(os.path.dirname(copy))
shutil.copy(os.path.join(os.environ["STAND_IN_DATA"], control), copy)
print("snap-7")
"""
CONTROLDATA = """
import os, sys
(folder,) = sys.argv[1:]
assert folder.startswith("/snapshots/"), folder
real = os.environ["STAND_IN_CONTROLDATA"]
os.execv(real, [real, os.path.join(os.environ["STAND_IN"], folder.removeprefix("/snapshots/"))])
"""


def recipe(begins: str) -> str:
    """The commands of the guide that stand behind the line that begins so."""
    found = re.search(
        rf"^{re.escape(begins)}[^\n]*\n\n```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL | re.MULTILINE
    )
    assert found is not None, begins
    return found[1]


@pytest.fixture
def stand_in(pg_database: Any, opened: Any, tmp_path: Path, monkeypatch: Any) -> Any:
    """A function (name, its Python) that puts a program before the others; `database` is what it stands by."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    database = opened(pg_database)
    monkeypatch.setenv("STAND_IN_SYSTEM", system_identifier(database))

    def put(name: str, program: str) -> Any:
        (folder / name).write_text(f"#!{sys.executable}\n{program}")
        (folder / name).chmod(0o755)
        return database

    return put


def _made(database: Any, tmp_path: Path, command: str, **more: Any) -> Any:
    policy = BackupPolicy(tmp_path / "backups", command=command, **more)
    return create_external(database, policy=policy, run="r1", heads={"alembic_version": ("a",)})


def test_pgbackrest(stand_in, tmp_path, monkeypatch):
    database = stand_in("pgbackrest", PGBACKREST)
    command = recipe("pgBackRest, a new incremental")
    manifest = _made(database, tmp_path, command)
    assert manifest.external["id"] == "20200101-000000F_20261122-080000I"
    assert manifest.external["lsn"] == "0/1000100"
    assert manifest.restore_point.name == manifest.id

    # a backup that fails, or of another server, stops the run
    with pytest.raises(BackupError, match="ended with status 31"):
        _made(database, tmp_path, command.replace("--type=incr", "--type=none"))
    with pytest.raises(BackupError, match=r"ended \d+ s before it was begun"):
        (tmp_path / "done").unlink()
        _made(database, tmp_path, command.partition("&&")[2])
    monkeypatch.setenv("STAND_IN_SYSTEM", "7000000000000000001")
    with pytest.raises(BackupError, match="made a backup of 7000000000000000001"):
        _made(database, tmp_path, command)


def test_wal_g(stand_in, tmp_path, monkeypatch):
    database = stand_in("wal-g", WALG)
    command = recipe("WAL-G, with last night's")
    last = datetime.now(timezone.utc) - timedelta(hours=6)
    before = last - timedelta(days=1)
    times = [f"{one:%Y-%m-%dT%H:%M:%S}.123456789Z" for one in (last, before)]
    monkeypatch.setenv("STAND_IN_FINISHED", " ".join(times))
    manifest = _made(database, tmp_path, command, command_max_age=26 * 3600)
    assert manifest.external["id"].endswith("1")
    assert abs((manifest.began - last).total_seconds()) < 2

    with pytest.raises(BackupError, match="and 3600 s are allowed"):
        _made(database, tmp_path, command, command_max_age=3600)
    monkeypatch.setenv("STAND_IN_FINISHED", "")
    with pytest.raises(BackupError, match="ended with status 1"):  # none there
        _made(database, tmp_path, command, command_max_age=26 * 3600)


def test_a_storage_snapshot(stand_in, pg, tmp_path, monkeypatch):
    database = stand_in("your-tool", SNAPSHOT)
    stand_in("pg_controldata", CONTROLDATA)
    monkeypatch.setenv("STAND_IN_DATA", str(pg.folder / "data"))
    monkeypatch.setenv("STAND_IN_CONTROLDATA", str(pg.bindir / "pg_controldata"))
    command = recipe("A storage snapshot")
    manifest = _made(database, tmp_path, command)
    assert (manifest.external["id"], manifest.system) == ("snap-7", manifest.external["system"])
    with pytest.raises(BackupError, match="ended with status 1"):  # it is there already
        _made(database, tmp_path, command)
