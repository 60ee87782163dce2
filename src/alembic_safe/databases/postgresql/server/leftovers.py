"""Folders of servers whose owner was killed: found by what the owner wrote into them, ended and removed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

_OWNER = "owner"
_UNFINISHED_SECONDS = 3600.0


def mark(folder: Path) -> None:
    """Write into a server's folder that it is this process's."""
    (folder / _OWNER).write_text(_identity(os.getpid()))


def sweep(base: Path) -> tuple[str, ...]:
    """End and remove every server below `base` whose owner is gone, and what was never finished; their folders."""
    removed = []
    for folder in base.glob("run-*"):
        if _abandoned(folder):
            _kill_server(folder)
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(str(folder))
    for folder in base.glob("new-*"):
        if _is_old(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(str(folder))
    return tuple(removed)


def _is_old(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return time.time() - folder.stat().st_mtime > _UNFINISHED_SECONDS
    return False


def _abandoned(folder: Path) -> bool:
    try:
        pid, _, identity = (folder / _OWNER).read_text().partition(" ")
    except OSError:
        return _is_old(folder)  # else it is being made or being removed by another process
    space, _, _ = identity.partition(" ")
    if space != _pid_namespace():
        return False  # another container's, of whose processes nothing can be known here
    return _identity(int(pid)) != f"{pid} {identity}"


def _kill_server(folder: Path) -> None:
    """SIGQUIT to the folder's server, if its pid still means that server."""
    try:
        pid = int((folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if os.fsencode(folder) in command:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)


def _identity(pid: int) -> str:
    """Pid, pid namespace and start time of a process; the start time is "" for one that does not run.

    A pid alone is given again to another process. In /proc/<pid>/stat field 3 is the state, 22 the start in
    clock ticks after boot (proc(5)); fields are counted behind the name, which may hold blanks.
    """
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return f"{pid} {_pid_namespace()} {_runs_without_proc(pid)}"
    ended = after_name[0] in "ZX"  # where init does not reap, a dead process stays listed
    return f"{pid} {_pid_namespace()} {'' if ended else after_name[19]}"


def _runs_without_proc(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return "running"
    return ""


def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "-"
