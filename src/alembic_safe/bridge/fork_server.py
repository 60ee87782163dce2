"""The fork server as the supervisor has it: started, asked for workers, and heard of how they ended.

Imports as little as it can: it is started before anything else is, so that it imports alembic meanwhile.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from alembic_safe.errors import WorkerError

if TYPE_CHECKING:
    from alembic_safe.bridge.worker_handle import Ends

# not `-m`: that would put the working directory first on sys.path, where a project's own folder called
# "alembic" would hide the package
BOOT = (
    "import sys; sys.path[:] = [p for p in sys.path if p]; "
    "from alembic_safe.bridge.worker import server; server.{call}"
)


class ForkServer:
    """The supervisor's hold on the fork server: a `Starter`."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._control = ours
        self._errors_read, errors_write = os.pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", BOOT.format(call=f"serve({theirs.fileno()})")],
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
        """As `Starter` has it."""
        return self._ask(b"j", list(ends.theirs))

    def start_helper(self, channel: int) -> int:
        """As `Starter` has it."""
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
        """As `Starter` has it."""
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
        """End it, and with it every worker."""
        # it holds nothing that wants an orderly end, and an interpreter's own takes 0.2 s
        self._control.close()
        self._process.kill()
        self._process.wait()
        os.close(self._errors_read)


_prestarted: ForkServer | None = None


def prestart() -> None:
    """Start the fork server already, so that it imports alembic while the command reads its settings.

    The next `Workers` takes it over; `discard_prestarted` ends one that nobody took.
    """
    global _prestarted
    if sys.platform == "linux" and _prestarted is None:
        _prestarted = ForkServer()


def discard_prestarted() -> None:
    """End a fork server that was started ahead and that nobody took over."""
    global _prestarted
    if _prestarted is not None:
        _prestarted.close()
        _prestarted = None


def fork_server() -> ForkServer:
    """The one started ahead, or a new one."""
    global _prestarted
    taken, _prestarted = _prestarted, None
    return taken or ForkServer()
