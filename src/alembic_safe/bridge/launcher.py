"""Starts workers: from a fork server that has alembic imported already, or as fresh interpreters.

The supervisor keeps one end of each worker's channel and life pipe; when it vanishes, however it ends,
the kernel kills the fork server and each worker, and the pipe's closing does so where the kernel cannot.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from alembic_safe.bridge.worker_handle import Ends, Worker
from alembic_safe.errors import WorkerError
from alembic_safe.model.events import EventSink

_HELPER_SECONDS = 1.0

# not `-m`: that would put the working directory first on sys.path, where a project's own folder called
# "alembic" would hide the package
_BOOT = (
    "import sys; sys.path[:] = [p for p in sys.path if p]; "
    "from alembic_safe.bridge.worker import server; server.{call}"
)


class Helper:
    """A process of ours that runs a module's `main(channel)`.

    It is not ended with the supervisor: it sees its channel close.
    """

    def __init__(
        self, pid: int, channel: socket.socket, exit_status: Callable[[int, float], int | None]
    ) -> None:
        self.pid = pid
        self.socket = channel
        self._exit_status = exit_status
        self._closed = False

    def close(self) -> None:
        """Close its channel and see it end, by force after a second. Never raises."""
        if self._closed:
            return
        self._closed = True
        self.socket.close()
        if self._exit_status(self.pid, _HELPER_SECONDS) is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._exit_status(self.pid, _HELPER_SECONDS)


class Starter(Protocol):
    """Makes a process out of a worker's ends and later tells how it ended."""

    def start_helper(self, channel: int) -> int:
        """The pid of a new process that takes its module's name, and then messages, from `channel`."""

    def start(self, ends: Ends) -> int:
        """The new process's pid."""

    def exit_status(self, pid: int, timeout: float) -> int | None:
        """Its exit status (negative: a signal) within `timeout` seconds; None when it has not ended.

        What the process started, and left in its group, is ended with it.
        """

    def close(self) -> None: ...


def prestart() -> None:
    """Start the fork server already, so that it imports alembic while the command reads its settings.

    The next `Workers` takes it over; `discard_prestarted` ends one that nobody took.
    """
    global _prestarted
    if sys.platform == "linux" and _prestarted is None:
        _prestarted = _ForkServer()


def discard_prestarted() -> None:
    """End a fork server that was started ahead and that nobody took over."""
    global _prestarted
    if _prestarted is not None:
        _prestarted.close()
        _prestarted = None


def _fork_server() -> _ForkServer:
    global _prestarted
    taken, _prestarted = _prestarted, None
    return taken or _ForkServer()


class Workers:
    """A context manager that starts workers, one at a time, and leaves none behind."""

    def __init__(self, sink: EventSink, *, start_timeout: float, fork: bool | None = None) -> None:
        self._sink = sink
        self._start_timeout = start_timeout
        self._starter: Starter
        use_fork = sys.platform == "linux" if fork is None else fork
        self._starter = _fork_server() if use_fork else _Spawner()
        self._running: list[Worker] = []
        self._helpers: list[Helper] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for worker in self._running:
            worker.close()
        for helper in self._helpers:
            helper.close()
        self._starter.close()

    def start(self) -> Worker:
        """A fresh worker that waits for its job. Raises `WorkerError` when no process can be had."""
        ends = Ends.make()
        try:
            pid = self._starter.start(ends)
        except BaseException:
            ends.close_ours()
            raise
        finally:
            ends.close_theirs()
        worker = Worker(
            pid,
            ends,
            self._starter.exit_status,
            self._sink,
            start_timeout=self._start_timeout,
        )
        self._running.append(worker)
        return worker

    def start_helper(self, module: str) -> Helper:
        """A process that imports `module` and calls its `main` with the number of a channel to us."""
        ours, theirs = socket.socketpair()
        with theirs:
            pid = self._starter.start_helper(theirs.fileno())
        name = module.encode()
        ours.sendall(len(name).to_bytes(4, "big") + name)
        helper = Helper(pid, ours, self._starter.exit_status)
        self._helpers.append(helper)
        return helper


class _ForkServer:
    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._control = ours
        self._errors_read, errors_write = os.pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT.format(call=f"serve({theirs.fileno()})")],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=errors_write,
                stderr=errors_write,
                start_new_session=True,
            )
        os.close(errors_write)
        self._buffer = b""
        self._ended: dict[int, int] = {}

    def start(self, ends: Ends) -> int:
        return self._ask(b"j", list(ends.theirs))

    def start_helper(self, channel: int) -> int:
        return self._ask(b"h", [channel])

    def _ask(self, kind: bytes, descriptors: list[int]) -> int:
        try:
            socket.send_fds(self._control, [kind], descriptors)
        except OSError:
            raise self._dead() from None
        forked: list[int] = []
        while not forked:
            forked = self._read(None)
        return forked[0]

    def exit_status(self, pid: int, timeout: float) -> int | None:
        deadline = time.monotonic() + timeout
        while pid not in self._ended and (left := deadline - time.monotonic()) > 0:
            try:
                self._read(left)
            except WorkerError:
                return None
        return self._ended.get(pid)

    def _read(self, timeout: float | None) -> list[int]:
        """Read what the server says; pids newly forked. Raises `WorkerError` when it is gone."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            if not selector.select(timeout):
                return []
        try:
            data = self._control.recv(4096)
        except OSError:
            data = b""
        if not data:
            raise self._dead()
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        forked = []
        for line in lines:
            said = json.loads(line)
            if "forked" in said:
                forked.append(int(said["forked"]))
            else:
                self._ended[int(said["ended"])] = int(said["status"])
        return forked

    def _dead(self) -> WorkerError:
        self._process.wait()
        os.set_blocking(self._errors_read, False)
        try:
            words = os.read(self._errors_read, 1 << 16).decode(errors="replace")
        except OSError:
            words = ""
        return WorkerError(
            "the process that starts workers ended, probably while importing alembic or SQLAlchemy",
            hint="Does `python -c 'import alembic.command'` work in this environment?",
            detail="\n".join(words.splitlines()[-15:]) or None,
        )

    def close(self) -> None:
        # it holds nothing that wants an orderly end, and an interpreter's own takes 0.2 s
        self._control.close()
        self._process.kill()
        self._process.wait()
        os.close(self._errors_read)


_prestarted: _ForkServer | None = None


class _Spawner:
    """For systems where a fork of a process that has imported much is not safe (macOS)."""

    def __init__(self) -> None:
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, ends: Ends) -> int:
        numbers = ends.theirs
        call = f"become_worker({os.getpid()}, {', '.join(map(str, numbers))})"
        process = subprocess.Popen(
            [sys.executable, "-c", _BOOT.format(call=call)],
            pass_fds=numbers,
            stdin=subprocess.DEVNULL,
            # ours are for the result; what an interpreter says before the worker takes over belongs to it
            stdout=numbers[2],
            stderr=numbers[3],
        )
        self._processes[process.pid] = process
        return process.pid

    def start_helper(self, channel: int) -> int:
        process = subprocess.Popen(
            [sys.executable, "-c", _BOOT.format(call=f"become_helper({channel})")],
            pass_fds=[channel],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        self._processes[process.pid] = process
        return process.pid

    def exit_status(self, pid: int, timeout: float) -> int | None:
        try:
            status = self._processes[pid].wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        # programs that the project started
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        return status

    def close(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()
