"""What makes a process a good worker: it ends with its supervisor, and keeps our channel off its stdout."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1
ORPHANED = 86


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends (Linux; elsewhere the pipe does it).

    A parent that ended before the request leaves no signal, hence the look afterwards.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(ORPHANED)


def watch(life: int) -> None:
    """End this process when the pipe `life` closes: its other end is held by the supervisor alone."""

    def wait() -> None:
        try:
            os.read(life, 1)
        finally:
            os._exit(ORPHANED)

    threading.Thread(target=wait, name="alembic-safe-life", daemon=True).start()


def take_streams(output: int, errors: int) -> None:
    """Make `output` and `errors` this process's stdout and stderr, line-buffered, and stdin empty."""
    empty = os.open(os.devnull, os.O_RDONLY)
    for source, destination in ((empty, 0), (output, 1), (errors, 2)):
        os.dup2(source, destination)
        os.close(source)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor, for the process's life
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    # SIGUSR1 tells where a worker hangs, even while C code holds the interpreter's lock
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=False)


def threads_left() -> tuple[str, ...]:
    """Names of threads, other than ours, that would keep a normal interpreter from ending."""
    main = threading.main_thread()
    return tuple(t.name for t in threading.enumerate() if t is not main and not t.daemon)
