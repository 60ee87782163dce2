"""The guide's command for pgBackRest with pgBackRest itself, up to the data at the restore point.

Debian and Ubuntu have it (`apt-get install pgbackrest`); where it is not, a stand-in is what test_recipes has.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.backup.external import create_external
from alembic_safe.databases import system_identifier
from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
from alembic_safe.databases.postgresql.server.account import server_account
from alembic_safe.model.policies import BackupPolicy
from tests.integration.backup.test_recipes import recipe

REAL = shutil.which("pgbackrest")
CONFIG = """
[global]
repo1-path={folder}/repo
log-path={folder}/log
lock-path={folder}/lock
spool-path={folder}/spool
start-fast=y
[shop]
pg1-path={data}
pg1-socket-path={socket}
pg1-user=postgres
"""
# as the server's account, which owns its files and its repository
PROGRAM = """
import os, sys
uid, gid = {uid}, {gid}
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(gid), os.setuid(uid)
os.execv({real!r}, [{real!r}, "--config={config}", *sys.argv[1:]])
"""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(REAL is None, reason="no pgbackrest on this machine"),
    pytest.mark.timeout(300),
]


@pytest.fixture
def archived(tmp_path: Path, monkeypatch: Any) -> Iterator[TemporaryServer]:
    """A server of 15, which every pgBackRest at hand knows, with a stanza `shop` that its log goes to."""
    found = [one for one in find_binaries() if one.major == 15]
    if not found:
        pytest.skip("no PostgreSQL 15 on this machine")
    settings = {"wal_level": "replica", "archive_mode": "on"}
    with TemporaryServer(found[0], settings=settings, durable=True) as server:
        account, folder = server_account(), server.folder / "pgbackrest"
        folder.mkdir()
        account.own(folder)
        config = folder / "pgbackrest.conf"
        config.write_text(CONFIG.format(folder=folder, data=server.folder / "data", socket=server.folder))
        config.chmod(0o644)
        (tmp_path / "bin").mkdir()
        program = tmp_path / "bin" / "pgbackrest"
        text = PROGRAM.format(uid=account.uid, gid=account.gid, real=REAL, config=config)
        program.write_text(f"#!{sys.executable}\n{text}")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        with server.connect() as connection:
            push = f"{REAL} --config={config} --stanza=shop archive-push %p"
            connection.execute(f"ALTER SYSTEM SET archive_command = '{push}'")
            connection.execute("SELECT pg_reload_conf()")
        _pgbackrest("stanza-create")
        yield server


def _pgbackrest(*words: str) -> None:
    done = subprocess.run(
        ["pgbackrest", "--stanza=shop", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_backup_leads_back_to_the_moment_before_the_change(archived, opened, tmp_path):
    archived.create_database("shop")
    with archived.connect("shop") as connection:
        connection.execute("CREATE TABLE customer AS SELECT generate_series(1, 1000) AS id")
    database = opened(archived.keywords("shop"))
    policy = BackupPolicy(tmp_path / "backups", command=recipe("pgBackRest, a new incremental"))

    made = []
    for _ in range(2):  # the first is a full one, the second increments it
        with archived.connect("shop") as connection:
            connection.execute("INSERT INTO customer SELECT generate_series(1, 10)")
        made.append(create_external(database, policy=policy, run="r1", heads={"alembic_version": ("a",)}))
    first, manifest = made
    assert first.external["id"].endswith("F") and manifest.external["id"].startswith(first.external["id"])
    assert manifest.external["system"] == manifest.system == system_identifier(database)
    assert manifest.restore_point is not None
    assert manifest.restore_point.name == manifest.id and manifest.restore_point.archived
    database.close()

    with archived.connect("shop") as connection:
        connection.execute("DROP TABLE customer")
    archived.stop(signal.SIGINT)
    _pgbackrest("--delta", "--type=name", f"--target={manifest.id}", "--target-action=promote", "restore")
    archived.start()
    with archived.connect("shop") as connection:
        assert connection.execute("SELECT count(*) FROM customer").fetchone() == (1020,)
