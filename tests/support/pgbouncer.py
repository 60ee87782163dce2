"""A real PgBouncer before a test's server; its tests are skipped by name where this machine has none."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from alembic_safe.databases.postgresql.server import TemporaryServer
from alembic_safe.databases.postgresql.server.account import base_folder, server_account
from tests.support.databases import DEFAULT_DRIVER
from tests.support.processes import wait_until

_CONFIGURATION = """\
[databases]
* = host={host} port={server_port} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 200
server_round_robin = 1
server_check_delay = 0
logfile = {folder}/log
"""


@dataclass(frozen=True, slots=True)
class Pooler:
    """A PgBouncer on a port of 127.0.0.1."""

    port: int
    folder: Path

    def keywords(self, dbname: str) -> dict[str, str]:
        """libpq keywords that lead through it."""
        return {"host": "127.0.0.1", "port": str(self.port), "user": "postgres", "dbname": dbname}

    def url(self, dbname: str, driver: str = DEFAULT_DRIVER) -> str:
        """A SQLAlchemy URL that leads through it."""
        return f"postgresql+{driver}://postgres@127.0.0.1:{self.port}/{dbname}"


def program() -> str:
    """The path of pgbouncer, or a skip."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("no pgbouncer on this machine (Debian: apt-get install pgbouncer)")
    return found


@contextmanager
def pgbouncer(server: TemporaryServer, *, mode: str = "transaction", size: int = 4) -> Iterator[Pooler]:
    """Start one, as an unprivileged account where we are root; `size` server connections a database."""
    path, account = program(), server_account()
    folder = Path(tempfile.mkdtemp(prefix="run-pgbouncer-", dir=base_folder(account)))
    account.own(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = _CONFIGURATION.format(
        host=server.folder, server_port=server.port, port=port, mode=mode, size=size, folder=folder
    )
    (folder / "pgbouncer.ini").write_text(text)
    process = subprocess.Popen(
        [path, "-q", str(folder / "pgbouncer.ini")],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **account.subprocess_arguments(),
    )
    try:
        pooler = Pooler(port, folder)
        wait_until(lambda: _answers(pooler), 15, (folder / "log").as_posix())
        yield pooler
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(pooler: Pooler) -> bool:
    try:
        with psycopg.connect(**pooler.keywords("postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
            return connection.execute("SELECT 1").fetchall() == [(1,)]
    except psycopg.OperationalError:
        return False
