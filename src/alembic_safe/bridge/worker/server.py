"""The fork server: imports alembic and SQLAlchemy once, then forks a fresh worker for each job.

It imports no project code and holds no thread and no connection, so a fork of it is safe and clean.
Started by bridge.launcher with one argument, the number of the control socket.
"""

from __future__ import annotations

import array
import json
import os
import select
import signal
import socket
import sys

from alembic_safe.bridge.worker import process

_DESCRIPTORS = 4  # channel, life pipe, stdout, stderr


def serve(control_number: int) -> None:
    """Fork a worker for each request until the supervisor closes the control socket."""
    process.die_with_parent(os.getppid())
    control = socket.socket(fileno=control_number)
    _preload()
    wake_read, wake_write = os.pipe()
    for end in (wake_read, wake_write):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # Ctrl-C in a terminal is the supervisor's to handle
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([control.fileno(), wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 512)
            _report_ended(control)
        if control.fileno() in ready:
            descriptors = _receive_descriptors(control)
            if descriptors is None:
                return
            parent = os.getpid()
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                for end in (wake_read, wake_write, control.detach()):
                    os.close(end)
                become_worker(parent, *descriptors)
            for number in descriptors:
                os.close(number)
            control.sendall(json.dumps({"forked": child}).encode() + b"\n")


def become_worker(parent: int, channel: int, life: int, output: int, errors: int) -> None:
    """Run one job in this process and end it. Never returns."""
    os.setsid()
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


def _preload() -> None:
    import sqlalchemy.dialects.postgresql.base
    import sqlalchemy.dialects.sqlite.base
    import sqlalchemy.pool
    import sqlalchemy.schema  # noqa: F401

    import alembic_safe.bridge.worker.job  # noqa: F401


def _receive_descriptors(control: socket.socket) -> list[int] | None:
    size = array.array("i").itemsize * _DESCRIPTORS
    data, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(size))
    if not data:
        return None
    numbers = array.array("i")
    for _level, _kind, payload in ancillary:
        numbers.frombytes(payload[: len(payload) - len(payload) % numbers.itemsize])
    return list(numbers)


def _report_ended(control: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        control.sendall(
            json.dumps({"ended": pid, "status": os.waitstatus_to_exitcode(status)}).encode() + b"\n"
        )


if __name__ == "__main__":
    serve(int(sys.argv[1]))
