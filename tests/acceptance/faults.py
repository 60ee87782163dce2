"""What every fault has to show: its message, hint and exit status in both forms, no secret, nothing changed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import TestDatabase
from tests.support.processes import Completed
from tests.support.projects import Project, Rev
from tests.support.schema import schema_dump

SECRET = "s3cr3t-Hunter2"
A1 = Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))", "op.drop_table('t')")
B2 = Rev("b2", "op.add_column('t', sa.Column('name', sa.Text))", "op.drop_column('t', 'name')")
# A target at a1 with a row in it, and b2 pending: what a fault must leave as it is.
SEED = (
    "CREATE TABLE t (id integer PRIMARY KEY)",
    "INSERT INTO t VALUES (1)",
    "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY)",
    "INSERT INTO alembic_version VALUES ('a1')",
)
_PASSING = ("__pycache__", ".alembic-safe-journal", ".alembic-safe-lock", ".hypothesis")


@dataclass(frozen=True, slots=True)
class Scene:
    """A project whose target is seeded. `database` None: an SQLite file in the project."""

    project: Project
    database: TestDatabase | None = None

    def state(self) -> tuple[Any, ...]:
        """What a fault must not change: schema, rows, the project's files, its backups and the SQLite file."""
        files = tree(self.project.path)
        if self.database is None:
            return (files,)
        return files, schema_dump(self.database), self.versions(), self.database.fetch("SELECT * FROM t")

    def versions(self) -> list[str]:
        if self.database is not None:
            return sorted(row[0] for row in self.database.fetch("SELECT version_num FROM alembic_version"))
        with contextlib.closing(sqlite3.connect(self.project.database_file)) as connection:
            return sorted(row[0] for row in connection.execute("SELECT version_num FROM alembic_version"))

    def refused(self, *args: str | Path, exit: int, message: str, hint: str, **run: Any) -> Completed:
        """Run a command that must fail, as told, and change nothing."""
        before = self.state()
        done = self.project.run(*args, "--format", "json", **run)
        check_error(done, exit=exit, message=message, hint=hint)
        assert self.state() == before, f"it changed something:\n{done}"
        return done


def check_error(done: Completed, *, exit: int, message: str, hint: str) -> Any:
    """The error of a command that ran with --format json: once as a document, once as lines. The document."""
    assert done.exit == exit, done
    document = done.json()
    error = document["error"]
    assert error is not None, done
    assert document["exit"] == exit
    assert re.search(message, error["message"]), f"{message!r} is not in the message\n{done}"
    assert re.search(hint, error["hint"]), f"{hint!r} is not in the hint\n{done}"
    assert not error["message"].endswith(".") and "\n" not in error["message"], done
    assert len(error["message"]) < 500, done
    lines = done.stderr.splitlines()
    assert f"error: {error['message']}" in lines, done
    assert f"hint: {error['hint']}" in lines, done
    check_discreet(done)
    return document


def check_discreet(done: Completed) -> None:
    """No traceback, and no part of the password that every URL here holds."""
    said = done.stdout + done.stderr
    assert "Traceback (most recent call last)" not in said, done
    assert SECRET not in said and "Hunter" not in said, done


def tree(folder: Path) -> dict[str, str]:
    """The files below a folder by relative name, each with its sha256; without what passes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not any(part in name for part in _PASSING):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def seed(database: TestDatabase | Path) -> None:
    """Bring an empty database to a1, with a row."""
    if isinstance(database, Path):
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.executescript(";".join(SEED))
        return
    with database.server.connect(database.name) as connection:
        for statement in SEED:
            connection.execute(statement.encode())


def with_secret(url: str, user: str = "postgres") -> str:
    """A URL over the socket, where nobody asks for a password, with one in it that must never be seen."""
    return url.replace("postgres@", f"{user}:{SECRET}@")


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A small file system of its own; skips by name where this account may not mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root and CAP_SYS_ADMIN")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def pooler(port: int) -> Iterator[int]:
    """A port that leads to the server on `port`, and gives each client a backend pid of its own, as poolers do.

    Clients must not ask for TLS: their first byte would be answered by one without a length.
    """
    ready: threading.Event = threading.Event()
    told: dict[str, Any] = {}
    thread = threading.Thread(target=lambda: asyncio.run(_serve(port, ready, told)))
    thread.start()
    ready.wait(10)
    try:
        yield told["port"]
    finally:
        told["loop"].call_soon_threadsafe(told["stop"].set)
        thread.join(10)


async def _serve(port: int, ready: threading.Event, told: dict[str, Any]) -> None:
    stop = asyncio.Event()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await asyncio.gather(_pass(reader, server_writer), _pass(server_reader, writer, _other_pid))

    listening = await asyncio.start_server(client, "127.0.0.1", 0)
    told |= {"port": listening.sockets[0].getsockname()[1], "loop": asyncio.get_running_loop(), "stop": stop}
    ready.set()
    await stop.wait()
    listening.close()


async def _pass(
    source: asyncio.StreamReader,
    to: asyncio.StreamWriter,
    first: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any] | None = None,
) -> None:
    try:
        if first is not None:
            await first(source, to)
        while data := await source.read(65536):
            to.write(data)
            await to.drain()
    finally:
        to.close()


async def _other_pid(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    """Pass messages on up to BackendKeyData (docs: "Message Formats"), whose pid becomes another."""
    kind = b""
    while kind != b"K":
        kind = await source.readexactly(1)
        length = await source.readexactly(4)
        body = await source.readexactly(int.from_bytes(length, "big") - 4)
        to.write(kind + length + ((4242).to_bytes(4, "big") + body[4:] if kind == b"K" else body))
        await to.drain()
