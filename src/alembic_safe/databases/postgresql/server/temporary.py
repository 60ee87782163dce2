"""Runs a temporary server: start, ways to reach it, stop. It ends with the process that started it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from alembic_safe.databases.postgresql.server import cluster, launch, leftovers
from alembic_safe.databases.postgresql.server.account import (
    Account,
    base_folder,
    reachable_bindir,
    server_account,
)
from alembic_safe.databases.postgresql.server.binaries import Binaries
from alembic_safe.databases.postgresql.server.room import room_in, said_full
from alembic_safe.errors import UnreachableError

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
# line 8 of postmaster.pid is "ready", "standby", "starting" or "stopping" (src/include/utils/pidfile.h)
_READY_LINE = 7


class TemporaryServer:
    """A server with its own data directory and a private Unix socket; trust there, for its folder is 0700.

    `settings` are server settings; `durable` leaves fsync on; `tcp` opens a free port of 127.0.0.1 too, which
    asks for a password (scram-sha-256; that of `postgres` is `password`). Use it as a context manager from a
    thread that lives as long as the server should: Linux ends the server with the thread that started it.

    Raises `UnreachableError` when it does not start, `UsageError` when nobody can be found to run it.
    """

    def __init__(
        self,
        binaries: Binaries,
        *,
        settings: Mapping[str, str] | None = None,
        durable: bool = False,
        tcp: bool = False,
    ) -> None:
        self.binaries = binaries
        self.tcp = tcp
        self.password = secrets.token_urlsafe(12)
        self.port = 5432
        self._settings = dict(settings or {})
        self._durable = durable
        self._folder: Path | None = None
        self._bindir = binaries.bindir
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.binaries.major

    @property
    def bindir(self) -> Path:
        """The folder of its programs, pg_dump among them: the ones that run, which may be a copy."""
        return self._bindir

    @property
    def folder(self) -> Path:
        """Its own folder: the socket, `data`, `server.log`."""
        if self._folder is None:
            raise RuntimeError("the server was not entered")
        return self._folder

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "server.log"

    @property
    def full(self) -> str:
        """Its own words that its disk is full; "" where it did not say so, or is closed."""
        try:
            return said_full(self.log.read_text(errors="replace")) if self._folder is not None else ""
        except OSError:
            return ""

    @property
    def pid(self) -> int:
        """The postmaster's process."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def __enter__(self) -> TemporaryServer:
        account = server_account()
        base = base_folder(account)
        leftovers.sweep(base)
        try:
            with room_in(base):
                self._prepare(account, base)
            self.start()
            if self.tcp:
                self.execute(sql.SQL("ALTER ROLE postgres PASSWORD {}").format(self.password))
        except BaseException:
            self.close()
            raise
        return self

    def _prepare(self, account: Account, base: Path) -> None:
        """Programs that the account can run, and a data directory of its own."""
        self._bindir = reachable_bindir(self.binaries, account, base)
        source = cluster.template(self._bindir, self.binaries.version, account, base)
        self._folder = Path(tempfile.mkdtemp(prefix="run-", dir=base))
        leftovers.mark(self._folder)
        account.own(self._folder)
        data = cluster.copy(source, self._folder)
        if self.tcp:
            self.port = _free_port()
        cluster.configure(
            data, self._folder, self.port, tcp=self.tcp, durable=self._durable, extra=self._settings
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the server over its data directory and wait until it takes connections."""
        account = server_account()
        who = [str(account.uid), str(account.gid)] if account.dropped else ["-", "-"]
        command = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), *who]
        command += [str(self._bindir / "postgres"), "-D", str(self.folder / "data")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=cluster.clean_environment(),
                start_new_session=True,  # Ctrl-C at the terminal is the command's to answer, not the server's
            )
        self._wait_ready()

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it and keep its data. SIGQUIT stops at once and recovers at the next start, SIGINT is orderly,
        SIGKILL is a crash (docs: "Shutting Down the Server")."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(how)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        """Stop it and remove all that is its."""
        self.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def keywords(self, dbname: str = "postgres", *, tcp: bool = False) -> dict[str, str]:
        """libpq keywords that reach a database as superuser."""
        if tcp:
            return {
                "host": "127.0.0.1",
                "port": str(self.port),
                "user": cluster.SUPERUSER,
                "password": self.password,
                "dbname": dbname,
            }
        return {"host": str(self.folder), "port": str(self.port), "user": cluster.SUPERUSER, "dbname": dbname}

    def url(self, driver: str = "psycopg", dbname: str = "postgres", *, tcp: bool = False) -> str:
        """A SQLAlchemy URL for psycopg, psycopg2 or asyncpg."""
        name = quote(dbname, safe="")
        if tcp:
            return f"postgresql+{driver}://{cluster.SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{name}"
        host = quote(str(self.folder), safe="/")
        return f"postgresql+{driver}://{cluster.SUPERUSER}@/{name}?host={host}&port={self.port}"

    def connect(self, dbname: str = "postgres", **arguments: str) -> psycopg.Connection[tuple[Any, ...]]:
        """A psycopg connection in autocommit; `arguments` are further libpq keywords."""
        conninfo = make_conninfo("", **{**self.keywords(dbname), **arguments})
        return psycopg.connect(conninfo, autocommit=True)

    def execute(self, statement: sql.SQL | sql.Composed, dbname: str = "postgres") -> None:
        """Run one statement on a connection of its own."""
        with self.connect(dbname) as connection:
            connection.execute(statement)

    def create_database(self, name: str, template: str | None = None) -> None:
        """CREATE DATABASE; with `template`, a copy of it, on which nobody may be connected."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self.execute(statement)

    def drop_database(self, name: str) -> None:
        """DROP DATABASE, with whoever is connected."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        pid_file = self.folder / "data" / "postmaster.pid"
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, IndexError):
                lines = pid_file.read_text().splitlines()
                ours = lines[0] == str(self.pid)  # not that of a server that crashed here before
                if ours and len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready":
                    return
            if self._process is None or self._process.poll() is not None:
                break
            time.sleep(0.005)
        log = self.log.read_text(errors="replace")[-2000:]
        raise UnreachableError(
            f"the temporary PostgreSQL {self.binaries.version} server did not start",
            hint=f"Its log stands below. Its programs are in {self._bindir}.",
            detail=log,
        )


def _free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
