"""Becomes the server: drops privileges, asks to be ended with its parent, and executes it. Run by path.

`python -I -S launch.py PARENT UID GID PROGRAM ARGUMENT...`; UID and GID are "-" to stay who we are. A
`preexec_fn` would do the same, but is unsafe (and warned of) in a process that has threads; and an
unprivileged Python could not start where Python itself is installed below root's home.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2); cleared by setuid, kept by execve


def main(arguments: list[str]) -> None:
    """Never returns."""
    parent, uid, gid, program, *rest = arguments
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGQUIT), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)  # it ended before we could ask
    os.execv(program, [program, *rest])


if __name__ == "__main__":
    main(sys.argv[1:])
