"""A run of `upgrade` stopped at a moment, by the way that is asked for; and what its database was like then.

env.py waits at the moment that SWEEP names ("b2/before:3", the third statement of revision b2), so that the test can
do its worst. A moment of time ("0.35", seconds after the command began) needs no help from env.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.support.processes import descendants, wait_until
from tests.support.warm import of_this_process

# seconds: a sweep runs beside whatever else the machine is at
PATIENCE = 900.0

HOOK = """
import builtins, os, time
from sqlalchemy import event
from sqlalchemy.engine import Engine

_moment, _file = os.environ.get("SWEEP", ""), os.environ.get("SWEEP_FILE", "")
builtins.sweep_revision = ""
_seen = {}

def _reached(kind):
    revision = builtins.sweep_revision
    if not revision or not _file:
        return
    name = f"{revision}/{kind}"
    _seen[name] = _seen.get(name, 0) + 1
    if _moment == "count":
        with open(_file, "a") as stream:
            stream.write(f"{name}:{_seen[name]}\\n")
    elif f"{name}:{_seen[name]}" == _moment:
        open(_file, "w").close()
        while os.path.exists(_file):
            time.sleep(0.02)

event.listen(Engine, "before_cursor_execute", lambda *a, **k: _reached("before"))
event.listen(Engine, "after_cursor_execute", lambda *a, **k: _reached("after"))
event.listen(Engine, "commit", lambda *a, **k: _reached("commit"))
"""
# what a revision begins with, so that moments are counted from there on; not while it is only rendered
BEGINS = "import builtins; builtins.sweep_revision = '' if op.get_context().as_sql else {name!r}\n"


class Stopped:
    """`upgrade`, started as `warm` starts commands, or as itself."""

    def __init__(self, project: Any, words: tuple[str, ...], env: dict[str, str]) -> None:
        self._said: Path = project.path / "stopped"
        self._pid = 0
        with self._said.open("wb") as said, Path(os.devnull).open("rb") as nothing:
            streams = [nothing.fileno(), said.fileno(), said.fileno()]
            whole = project.environment(env)
            self._pid = of_this_process().start(words, project.path, whole, streams)
        self.status: int | None = None

    def kill(self) -> None:
        """SIGKILL to the command itself."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    def kill_all(self) -> None:
        """SIGKILL to all that it started too, as the end of a container does."""
        for pid in (self._pid, *descendants(self._pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_worker(self) -> None:
        """SIGKILL to the worker; where there is none yet, to the next."""

        def killed() -> bool:
            found = False
            for pid in descendants(self._pid):
                with contextlib.suppress(OSError):
                    if Path(f"/proc/{pid}/comm").read_text().strip() == "alembic-worker":
                        os.kill(pid, signal.SIGKILL)
                        found = True
            return found or not self.runs()

        wait_until(killed, PATIENCE)

    def runs(self) -> bool:
        """Whether the command is still there."""
        try:
            return Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except (OSError, IndexError):
            return False

    def wait(self, timeout: float) -> int | None:
        """Its exit status."""
        if self.status is None:
            self.status = of_this_process().wait(self._pid, timeout)
            assert self.status is not None, f"still ran after {timeout} s\n{self.said()}"
        return self.status

    def said(self) -> str:
        """All that it wrote."""
        return self._said.read_text(errors="replace")


class Proxy:
    """A Unix socket in front of a server's, whose connections can be cut all at once."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.folder = Path(mkdtemp(prefix="cut-"))
        self.folder.chmod(0o755)
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def cut(self) -> None:
        """End every connection that goes through it, without a word to either side."""
        self._loop.call_soon_threadsafe(self._abort)

    def close(self) -> None:
        """Stop it and remove its socket."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _abort(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        path = str(self.folder / ".s.PGSQL.5432")
        server = self._loop.run_until_complete(asyncio.start_unix_server(self._serve, path))
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._abort()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            theirs, there = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, there}
        try:
            await asyncio.gather(self._pass(reader, there), self._pass(theirs, writer))
        finally:
            self._open -= {writer, there}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()


@contextlib.contextmanager
def proxied(server: Any) -> Iterator[Proxy]:
    """A proxy in front of a temporary server."""
    proxy = Proxy(str(server.folder / f".s.PGSQL.{server.port}"))
    try:
        yield proxy
    finally:
        proxy.close()


def reach(moment: str, run: Stopped, file: Path) -> None:
    """Wait until the run is at the moment."""
    if moment[0].isdigit():
        time.sleep(float(moment))
        return
    wait_until(lambda: file.exists() or not run.runs(), PATIENCE, moment)
    assert run.runs(), f"{moment} was not reached: {run.wait(10)} {run.said()}"


def stop(way: str, run: Stopped, file: Path, database: Any, proxy: Proxy | None) -> None:
    """Do the worst; then everything that still lives goes on, until the command has ended."""
    server = database.server
    if way == "terminate":
        database.fetch(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and application_name ~ '^alembic-safe/2'"
        )
    elif way == "crash":
        server.stop(signal.SIGKILL)
        server.start()
    elif way == "immediate":
        server.stop(signal.SIGQUIT)
        server.start()
    elif way == "network":
        assert proxy is not None
        proxy.cut()
    else:
        {"kill": run.kill, "kill-all": run.kill_all, "kill-worker": run.kill_worker}[way]()
    file.unlink(missing_ok=True)
    run.wait(PATIENCE)


def without_socket(url: str, proxy: Proxy, server: Any) -> str:
    """The same URL through the proxy."""
    socket: str = url.replace(str(server.folder), str(proxy.folder))
    return socket.replace(f"port={server.port}", "port=5432")


_SCHEMA = """
select string_agg(line, E'\n' order by line) from (
  select format('%s %s %s %s %s', c.relname, c.relkind, a.attnum, a.attname,
                format_type(a.atttypid, a.atttypmod)) as line
  from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
  left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relname !~ '^alembic_version'
  union all select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint
  where connamespace = 'public'::regnamespace and conname !~ '^alembic_version'
  union all select format('%s %s', pg_get_indexdef(i.indexrelid), i.indisvalid) from pg_index i
  join pg_class c on c.oid = i.indexrelid and c.relnamespace = 'public'::regnamespace
  where c.relname !~ '^alembic_version'
  union all select format('%s %s', enumtypid::regtype, string_agg(enumlabel, ',' order by enumsortorder)) from pg_enum
  group by enumtypid) as lines
"""
_ROWS = "select coalesce(string_agg({0}::text, ' ' order by id), '') from {0}"


def picture(database: Any, tables: tuple[str, ...]) -> tuple[Any, ...]:
    """Schema, rows and version rows as they are, to tell two databases apart without asking the product."""
    names = [n for n in tables if database.fetch("select to_regclass(%s)", (n,))[0][0]]
    version = database.fetch("select to_regclass('alembic_version')")[0][0]
    rows = database.fetch("select version_num from alembic_version order by 1") if version else []
    return (
        database.fetch(_SCHEMA)[0][0] or "",
        tuple((name, database.fetch(_ROWS.format(name))[0][0]) for name in names),
        tuple(row[0] for row in rows),
    )
