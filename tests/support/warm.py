"""A process that has imported the command already: each run of the short form forks from it, which halves its start.

It is the command in a process of its own all the same, with its own environment, folder and streams; what it
does not show is the start itself. The whole form, and every test that starts a command to deal with it while it
runs, starts the installed script.
"""

from __future__ import annotations

import array
import contextlib
import importlib
import json
import os
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
from typing import Any

from tests.support.processes import Completed, clean_environment

ENABLED = "SUITE_STARTS_WARM"
_BOOT = "from tests.support.warm import serve; serve({number})"
_ROOT = Path(__file__).resolve().parents[2]
_MODULES = (
    "alembic_safe.cli.entry",
    "alembic_safe.cli.running",
    "alembic_safe.workflow.migrate",
    "alembic_safe.workflow.plan",
    "alembic_safe.workflow.status",
    "alembic_safe.report.console",
    "alembic_safe.report.json",
    "psycopg",
)


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

    def run(
        self, args: Sequence[str], cwd: Path, env: Mapping[str, str], streams: Sequence[int], timeout: float
    ) -> int | None:
        """Run `args` (without the program) with these descriptors as its streams, and wait for its end.

        The exit status, negative for a signal; None when its group had to be killed after `timeout` seconds.
        """
        said = json.dumps({"args": list(args), "cwd": str(cwd), "env": dict(env)}).encode()
        socket.send_fds(self._control, [said], list(streams))
        pid = int(self._control.recv(64))
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
        status = _of_this_process().run(args, cwd, env, [f.fileno() for f in (stdin, out, err)], timeout)
        seconds = time.monotonic() - began
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode())
    if status is None:
        raise AssertionError(f"$ {' '.join(words)}\nstill ran after {timeout} s\n{said[0]}\n{said[1]}")
    return Completed(words, status, said[0], said[1], seconds)


@cache
def _of_this_process() -> Warm:
    return Warm()


def serve(number: int) -> None:
    """The process itself: forks for each request, until nobody asks any more."""
    for name in _MODULES:
        importlib.import_module(name)
    control = socket.socket(fileno=number)
    while True:
        data, descriptors = _request(control)
        if not data:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            _become(json.loads(data), descriptors)
            from alembic_safe.cli import main

            main()
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(str(pid).encode())
        control.send(str(os.waitpid(pid, 0)[1]).encode())


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
    sys.argv = ["alembic-safe", *run["args"]]
    sys.path[:] = [part for part in sys.path if part not in ("", str(_ROOT))]
