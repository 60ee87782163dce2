"""Run a database tool as a child: watched, bounded in what it may say, and never outliving us."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from alembic_safe.databases import launch
from alembic_safe.errors import BackupError
from alembic_safe.quick import dataclass

TICK = 0.2
_CHUNK = 1 << 20
_SAID = 4096  # bytes kept of the beginning and of the end of stderr
_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a tool ended: exit status (negative: by that signal) and what it said on stderr."""

    status: int
    said: str


def run_tool(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    tick: Callable[[], None],
    take: Callable[[bytes], None] | None = None,
) -> Ended:
    """Run `command`; its stdout goes to `take` in pieces, or nowhere. `tick` is called every 0.2 s or so.

    Files it makes are private. When `tick` or `take` raises, or we die, the tool and its helpers are ended.
    """
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), *command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if take else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            umask=0o077,
            start_new_session=True,  # a Ctrl-C is ours to handle; see `_end`
        )
    except OSError as error:
        raise BackupError(f"{command[0]} cannot be run: {error.strerror}") from error
    said = _Said()
    try:
        _follow(child, said, tick, take)
        child.wait()
    finally:
        if child.poll() is None:
            _end(child)
        for stream in (child.stdout, child.stderr):
            if stream:
                stream.close()
    return Ended(child.returncode, said.text)


def _follow(
    child: subprocess.Popen[bytes],
    said: _Said,
    tick: Callable[[], None],
    take: Callable[[bytes], None] | None,
) -> None:
    due = time.monotonic() + TICK
    with selectors.DefaultSelector() as selector:
        takers = [(child.stderr, said.take), (child.stdout, take)]
        for stream, taker in takers:
            if stream is not None:
                _widen(stream)
                selector.register(stream, selectors.EVENT_READ, taker)
        while selector.get_map():
            for key, _ in selector.select(max(0.0, due - time.monotonic())):
                piece = os.read(key.fd, _CHUNK)
                if piece:
                    key.data(piece)
                else:
                    selector.unregister(key.fileobj)
            if time.monotonic() >= due:
                tick()
                due = time.monotonic() + TICK


def _widen(stream: IO[bytes]) -> None:
    """A pipe of 1 MiB: fewer switches between the tool and us. Linux only, and only up to its limit."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(stream, getattr(fcntl, "F_SETPIPE_SZ", 1031), _CHUNK)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask first: pg_dump then cancels its queries on the server. The group takes its helpers along."""
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        child.wait(_GRACE)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


class _Said:
    """The beginning and the end of what a tool said; a flood of warnings in between is dropped."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()

    def take(self, piece: bytes) -> None:
        room = _SAID - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        del self._tail[:-_SAID]

    @property
    def text(self) -> str:
        parts = [bytes(part).decode(errors="replace").strip() for part in (self._head, self._tail) if part]
        return "\n[...]\n".join(parts) if len(self._tail) == _SAID else "".join(parts)
