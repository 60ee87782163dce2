"""What makes a process a good worker: it ends with its supervisor, and keeps our channel off its stdout."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import io
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
ORPHANED = 86


def die_with_parent(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to send this process `number` when its parent ends (Linux; elsewhere the pipe does it).

    A parent that ended before the request leaves no signal, hence the look afterwards.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(ORPHANED)


def call_itself(name: str) -> None:
    """Let `ps` and `top` tell this process from the others of a run (Linux; at most 15 characters)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def watch(life: int) -> None:
    """End this process and what it started when the pipe `life` closes: the supervisor alone holds its other end."""

    def wait() -> None:
        try:
            os.read(life, 1)
        finally:
            os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, name="alembic-safe-life", daemon=True).start()


def end_group(leader: int) -> None:
    """Kill what is left of the process group that a worker leads: programs that the project started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def take_streams(output: int, errors: int) -> None:
    """Make `output` and `errors` this process's stdout and stderr, line-buffered, and stdin empty."""
    empty = os.open(os.devnull, os.O_RDONLY)
    for source, destination in ((empty, 0), (output, 1), (errors, 2)):
        os.dup2(source, destination)
        os.close(source)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    # `sys.__stdout__` is called final, but a project may write to it too, and must not reach our channel
    sys.stdout = sys.__stdout__ = _text(1)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _text(2)  # type: ignore[misc]
    # SIGUSR1 tells where a worker hangs, even while C code holds the interpreter's lock
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=False)


def _text(number: int) -> io.TextIOWrapper:
    raw = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def threads_left() -> tuple[str, ...]:
    """Names of threads, other than ours, that would keep a normal interpreter from ending."""
    main = threading.main_thread()
    return tuple(t.name for t in threading.enumerate() if t is not main and not t.daemon)
