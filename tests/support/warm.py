"""A process that has imported the command already: each run of the short form and of a sweep forks from it.

It is the command in a process of its own all the same, with its own environment, folder and streams, and so is the
process that its workers are forked from; what neither shows is the start itself, which takes more than what most tests
run. The whole form, and every test that starts a command to deal with it while it runs, starts the installed script.
"""

from __future__ import annotations

import array
import contextlib
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, ClassVar

import alembic_safe
from alembic_safe.bridge import fork_server
from tests.support.processes import Completed, clean_environment

ENABLED = "SUITE_STARTS_WARM"
_BOOT = "from tests.support.warm import serve; serve({number})"
_ROOT = Path(__file__).resolve().parents[2]


class Warm:
    """One such process; it ends with the process that made it."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT.format(number=theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=_ROOT,
                env={**_at_start(clean_environment(_ROOT)), "PYTHONPATH": str(_ROOT)},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def start(
        self, args: Sequence[str] | None, cwd: Path, env: Mapping[str, str], streams: Sequence[int]
    ) -> int:
        """Start `args` (without the program) with these descriptors as its streams. Its pid, also of its group.

        Without `args` a process that workers are forked from; then the first descriptor is the socket of its control.
        """
        said = {"args": args if args is None else list(args), "cwd": str(cwd), "env": dict(env)}
        socket.send_fds(self._control, [json.dumps(said).encode()], list(streams))
        return int(self._control.recv(64))

    def wait_until_ready(self) -> None:
        """Until it has imported everything."""
        self._control.send(json.dumps({"ready": True}).encode())
        self._control.recv(64)

    def wait(self, pid: int, timeout: float) -> int | None:
        """Its exit status, negative for a signal; None when its group had to be killed after `timeout` seconds."""
        self._control.send(json.dumps({"wait": pid}).encode())
        late = not select.select([self._control], [], [], timeout)[0]
        if late:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(int(self._control.recv(64)))
        return None if late else status


def can_run(env: Mapping[str, str]) -> bool:
    """Whether a run with this environment may start so: nothing in it is for the start of Python itself."""
    if os.environ.get(ENABLED) != "1" or any(name.startswith(("PYTHON", "LC_", "LD_")) for name in env):
        return False
    return _at_start(env) == _at_start(clean_environment(_ROOT))


def _at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: env[name] for name in ("PATH", "LANG", "TZ", "TMPDIR") if name in env}


def run_warm(
    args: Sequence[str], *, cwd: Path, env: Mapping[str, str], input: str | None, timeout: float
) -> Completed:
    """As `processes.run`, of the command whose arguments are `args`."""
    words, began = ("alembic-safe", *args), time.monotonic()
    with TemporaryFile() as stdin, TemporaryFile() as out, TemporaryFile() as err:
        stdin.write((input or "").encode())
        stdin.seek(0)
        status = _waited(args, cwd, env, [f.fileno() for f in (stdin, out, err)], timeout)
        seconds = time.monotonic() - began
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode())
    if status is None:
        raise AssertionError(f"$ {' '.join(words)}\nstill ran after {timeout} s\n{said[0]}\n{said[1]}")
    return Completed(words, status, said[0], said[1], seconds)


def _waited(
    args: Sequence[str], cwd: Path, env: Mapping[str, str], streams: Sequence[int], timeout: float
) -> int | None:
    warm = of_this_process()
    try:
        pid = warm.start(args, cwd, env, streams)
        return warm.wait(pid, timeout)
    except BaseException:  # a test that took too long: its answer must not be taken for the next one's
        of_this_process.cache_clear()
        raise


@cache
def of_this_process() -> Warm:
    """The one that this process uses."""
    return Warm()


def serve(number: int) -> None:
    """The process itself: forks for each request, until nobody asks any more."""
    _import_all()
    control = socket.socket(fileno=number)
    while True:
        data, descriptors = _request(control)
        if not data:
            return
        asked = json.loads(data)
        if "ready" in asked:
            control.send(b"ready")
            continue
        if "wait" in asked:
            control.send(str(os.waitpid(asked["wait"], 0)[1]).encode())
            continue
        pid = os.fork()
        if pid == 0:
            control.close()
            if asked["args"] is None:
                _serve_workers(asked, descriptors)
            _become(asked, descriptors)
            from alembic_safe.cli import main

            main()
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(str(pid).encode())


def _import_all() -> None:
    """Whatever a command or its workers may come to import; no driver opens a connection by that."""
    from alembic_safe.bridge.worker import server

    for module in pkgutil.walk_packages(alembic_safe.__path__, "alembic_safe."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("psycopg")
    server._preload()


class _ForkedServer(fork_server.ForkServer):
    """The process that workers are forked from, as a fork of the command."""

    def __init__(self) -> None:
        from alembic_safe.bridge.worker import server

        ours, theirs = socket.socketpair()
        self._control = ours
        self._errors_read, errors_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            ours.close()
            for stream in (1, 2):
                os.dup2(errors_write, stream)
            # as a started process would not have: an open database, say
            for number in [int(one.name) for one in Path("/proc/self/fd").iterdir()]:
                if number > 2 and number != theirs.fileno():
                    with contextlib.suppress(OSError):
                        os.close(number)
            try:
                server.serve(theirs.fileno())
            finally:
                os._exit(0)
        theirs.close()
        os.close(errors_write)
        # of a Popen it is asked no more than this has
        self._process = _Child(pid)  # type: ignore[assignment]
        self._buffer = b""
        self._ended = {}


class StartedServer(fork_server.ForkServer):
    """The process that workers are forked from, for a test that has workers without a command around them."""

    running: ClassVar[set[int]] = set()

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        self._errors_read, errors_write = os.pipe()
        with theirs:
            descriptors = [theirs.fileno(), errors_write]
            pid = _of_workers().start(None, Path.cwd(), os.environ, descriptors)
        os.close(errors_write)
        # of a Popen it is asked no more than this has
        self._process = _Grandchild(pid)  # type: ignore[assignment]
        self._buffer = b""
        self._ended = {}


def start_workers_warm() -> None:
    """From here on this process has its fork servers so."""

    def started() -> fork_server.ForkServer:
        return StartedServer() if can_run(os.environ) else started_itself()

    started_itself = fork_server.ForkServer
    # in the class's place stands what makes one, until the process ends
    fork_server.ForkServer = started  # type: ignore[misc,assignment]


@cache
def _of_workers() -> Warm:
    """One apart: the other may be waiting for a command."""
    return Warm()


def _serve_workers(run: dict[str, Any], descriptors: Sequence[int]) -> None:
    from alembic_safe.bridge.worker import server

    control, errors = descriptors
    with Path(os.devnull).open("rb") as nothing:
        _become({**run, "args": []}, [nothing.fileno(), errors, os.dup(errors)])
    try:
        server.serve(control)
    finally:
        os._exit(0)


class _Child:
    """What the command asks of that process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


class _Grandchild(_Child):
    """The same, of one that the warm process has to wait for."""

    def __init__(self, pid: int) -> None:
        super().__init__(pid)
        StartedServer.running.add(pid)

    def wait(self) -> None:
        if self.pid in StartedServer.running:
            StartedServer.running.remove(self.pid)
            _of_workers().wait(self.pid, 10)


def _request(control: socket.socket) -> tuple[bytes, list[int]]:
    size = array.array("i").itemsize * 3
    data, ancillary, _, _ = control.recvmsg(1 << 20, socket.CMSG_SPACE(size))
    descriptors = array.array("i")
    for _level, _kind, payload in ancillary:
        descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
    return data, list(descriptors)


def _become(run: dict[str, Any], descriptors: Sequence[int]) -> None:
    os.setsid()
    for stream, descriptor in enumerate(descriptors):
        os.dup2(descriptor, stream)
        os.close(descriptor)
    os.chdir(run["cwd"])
    os.environ.clear()
    os.environ.update(run["env"])
    # in this process alone, which is the command
    fork_server.ForkServer = _ForkedServer  # type: ignore[misc]
    sys.argv = ["alembic-safe", *run["args"]]
    sys.path[:] = [part for part in sys.path if part not in ("", str(_ROOT))]
