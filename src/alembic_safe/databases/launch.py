"""Becomes a database tool that ends with the process that started it. Run by path.

`python -I -S launch.py PARENT PROGRAM ARGUMENT...`. A `preexec_fn` would do the same, but is unsafe (and
warned of) in a process that has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2); kept by execve, not handed on to children


def main(arguments: list[str]) -> None:
    """Never returns: executes the program, or exits with 127 when it cannot be."""
    parent, program, *rest = arguments
    if sys.platform == "linux":
        # SIGTERM: pg_dump then cancels its queries on the server and ends its helpers.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)  # it ended before we could ask
    try:
        os.execv(program, [program, *rest])
    except OSError as error:
        sys.stderr.write(f"error: {program} cannot be run: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
