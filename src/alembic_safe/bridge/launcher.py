"""Starts workers: from a fork server that has alembic imported already, or as fresh interpreters.

The supervisor keeps one end of each worker's channel and life pipe; when it vanishes, however it ends,
the kernel kills the fork server and each worker, and the pipe's closing does so where the kernel cannot.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from alembic_safe.bridge.fork_server import BOOT, fork_server
from alembic_safe.bridge.worker_handle import Ends, Worker
from alembic_safe.model.events import EventSink

_HELPER_SECONDS = 1.0


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


class Workers:
    """A context manager that starts workers, one at a time, and leaves none behind."""

    def __init__(self, sink: EventSink, *, start_timeout: float, fork: bool | None = None) -> None:
        self._sink = sink
        self._start_timeout = start_timeout
        self._starter: Starter
        use_fork = sys.platform == "linux" if fork is None else fork
        self._starter = fork_server() if use_fork else _Spawner()
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


class _Spawner:
    """For systems where a fork of a process that has imported much is not safe (macOS)."""

    def __init__(self) -> None:
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, ends: Ends) -> int:
        numbers = ends.theirs
        call = f"become_worker({os.getpid()}, {', '.join(map(str, numbers))})"
        process = subprocess.Popen(
            [sys.executable, "-c", BOOT.format(call=call)],
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
            [sys.executable, "-c", BOOT.format(call=f"become_helper({channel})")],
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
