"""The fork server: imports alembic and SQLAlchemy once, then forks a fresh worker for each job.

It imports no project code and holds no thread and no connection, so a fork of it is safe and clean.
Started by bridge.launcher with one argument, the number of the control socket.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any

from alembic_safe.bridge.worker import process

_DESCRIPTORS = 4  # channel, life pipe, stdout, stderr


def serve(control_number: int) -> None:
    """Fork a worker for each request until the supervisor closes the control socket or ends; then end them all."""
    process.die_with_parent(os.getppid(), signal.SIGTERM)
    control = socket.socket(fileno=control_number)
    # as the gc module's documentation advises for a server that forks: no collection while importing, and what is
    # imported is left out of every worker's collections
    gc.disable()
    _preload()
    gc.freeze()
    gc.enable()
    server = _Server(control)
    try:
        while server.serve_one():
            pass
    finally:
        server.end_workers()


class _Server:
    """The loop's state: the control socket, the pipe that signals wake it by, the workers that live."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._wake, self._wake_write = os.pipe()
        for end in (self._wake, self._wake_write):
            os.set_blocking(end, False)
        self._workers: set[int] = set()
        # they outlive the supervisor for the moment that their work then takes
        self._helpers: set[int] = set()
        self._ended = False
        self._drivers = False
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._end)
        # Ctrl-C in a terminal is the supervisor's to handle
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _end(self, *_: object) -> None:
        self._ended = True

    def serve_one(self) -> bool:
        """Wait for a request or an ended worker and see to it; False when it is time to end."""
        ready, _, _ = select.select([self._control.fileno(), self._wake], [], [])
        if self._wake in ready:
            os.read(self._wake, 512)
            self._report_ended()
        if self._control.fileno() in ready:
            request = _receive_request(self._control)
            if request is None:
                return False
            self._fork(*request)
        return not self._ended

    def _fork(self, kind: bytes, descriptors: list[int]) -> None:
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            for end in (self._wake, self._wake_write, self._control.detach()):
                os.close(end)
            if kind == b"h":
                become_helper(*descriptors)
            become_worker(parent, *descriptors)
        (self._helpers if kind == b"h" else self._workers).add(child)
        for number in descriptors:
            os.close(number)
        self._control.sendall(json.dumps({"forked": child}).encode() + b"\n")
        if not self._drivers:
            # while the first worker is at work, for those after it; most commands need no second one
            self._drivers = True
            _preload_drivers()

    def _report_ended(self) -> None:
        for pid in (*self._workers, *self._helpers):
            # not reaped yet, so that its number is nobody else's while its group is ended
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            process.end_group(pid)
            _, status = os.waitpid(pid, 0)
            self._workers.discard(pid)
            self._helpers.discard(pid)
            said = {"ended": pid, "status": os.waitstatus_to_exitcode(status)}
            self._control.sendall(json.dumps(said).encode() + b"\n")

    def end_workers(self) -> None:
        """Kill every worker and what it started."""
        for pid in self._workers:
            process.end_group(pid)
            # one that has not come to lead a group yet
            os.kill(pid, signal.SIGKILL)


def become_worker(parent: int, channel: int, life: int, output: int, errors: int) -> None:
    """Run one job in this process and end it. Never returns."""
    os.setsid()
    process.call_itself("alembic-worker")
    process.die_with_parent(parent)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    process.take_streams(output, errors)
    process.watch(life)
    from alembic_safe.bridge.worker.job import run

    status = 70
    try:
        status = run(channel)
    finally:
        os._exit(status)


def become_helper(channel: int) -> None:
    """Run the `main` of the module that the channel names first, with the channel's number. Never returns."""
    os.setsid()
    process.call_itself("alembic-guard")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    status = 70
    try:
        size = int.from_bytes(_read_exactly(channel, 4), "big")
        module = importlib.import_module(_read_exactly(channel, size).decode())
        module.main(channel)
        status = 0
    finally:
        os._exit(status)


def _read_exactly(number: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = os.read(number, size - len(data))
        if not more:
            raise EOFError("the supervisor ended before it said what to do")
        data += more
    return data


def _preload() -> None:
    # a tenth of it all: mako would colour HTML pages of its errors with it, and does without where it is missing
    with _hidden("pygments"), contextlib.suppress(ImportError):
        importlib.import_module("mako.exceptions")
    import sqlalchemy.dialects.postgresql.base
    import sqlalchemy.dialects.sqlite.base
    import sqlalchemy.pool
    import sqlalchemy.schema  # noqa: F401

    import alembic_safe.bridge.worker.job  # noqa: F401


@contextlib.contextmanager
def _hidden(name: str) -> Iterator[None]:
    """As if the package, which is not imported yet, were not installed; a project that uses it finds it afterwards."""
    modules: dict[str, Any] = sys.modules
    modules[name] = None  # what makes an import fail (documentation: "The module cache")
    try:
        yield
    finally:
        del modules[name]


def _preload_drivers() -> None:
    for name in ("psycopg", "psycopg2", "asyncpg"):
        with contextlib.suppress(
            Exception
        ):  # not installed, or not usable: the project's own import will say so
            importlib.import_module(name)


def _receive_request(control: socket.socket) -> tuple[bytes, list[int]] | None:
    size = array.array("i").itemsize * _DESCRIPTORS
    data, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(size))
    if not data:
        return None
    numbers = array.array("i")
    for _level, _kind, payload in ancillary:
        numbers.frombytes(payload[: len(payload) - len(payload) % numbers.itemsize])
    return data, list(numbers)
