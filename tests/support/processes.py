"""Commands in processes of their own: a clean environment, what they said, waiting, and who is left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
MARK = "SUITE_MARK_OF_ALEMBIC_SAFE"
# pip and proxies are not here: a command under test has no business on the network
_KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended: exit status (negative: the signal), what it wrote, how long it took (seconds)."""

    args: tuple[str, ...]
    exit: int
    stdout: str
    stderr: str
    seconds: float

    def json(self) -> Any:
        """stdout as one JSON document; anything else on stdout fails."""
        return json.loads(self.stdout)

    def ok(self) -> Completed:
        """Itself, when the exit status is 0; else an AssertionError with everything that was said."""
        assert self.exit == 0, str(self)
        return self

    def __str__(self) -> str:
        return (
            f"$ {' '.join(self.args)}\nexit {self.exit}\n-- stdout\n{self.stdout}\n-- stderr\n{self.stderr}"
        )


def clean_environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a pipeline would have: no PG*, no ALEMBIC_SAFE_*, no terminal; `home` is HOME."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC", "COLUMNS": "120", **(extra or {})}


def run(
    args: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    input: str | None = None,
    timeout: float = 60.0,
) -> Completed:
    """Run to the end; after `timeout` its process group is killed and the error holds what it said."""
    words = tuple(str(word) for word in args)
    began = time.monotonic()
    process = start(
        words, cwd=cwd, env=env, stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL
    )
    try:
        stdout, stderr = process.communicate(input, timeout)
    except subprocess.TimeoutExpired:
        kill_group(process)
        stdout, stderr = process.communicate()
        raise AssertionError(
            f"$ {' '.join(words)}\nstill ran after {timeout} s\n{stdout}\n{stderr}"
        ) from None
    return Completed(words, process.returncode, stdout, stderr, time.monotonic() - began)


def start(
    args: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    """Start a command in a process group of its own, stdout and stderr piped."""
    return subprocess.Popen(
        [str(word) for word in args],
        cwd=cwd,
        env=dict(env),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kill_group(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the command and whatever it started in its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def wait_until(condition: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:
    """Poll until the condition is true and return what it gave; an AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what or condition}")
        time.sleep(0.02)
    return value


def is_running(pid: int) -> bool:
    """Whether a process lives. One that ended and was not reaped does not: not every init reaps."""
    return _state(pid) not in ("", "Z", "X")


def marked(mark: str) -> dict[int, str]:
    """Living processes whose environment holds the mark, however far from us: pid -> command line."""
    needle = f"{MARK}={mark}".encode()
    found = {}
    for pid in _pids():
        try:
            if needle in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") and is_running(pid):
                found[pid] = command_line(pid)
        except OSError:
            continue
    return found


def called(project: Any, name: str) -> int | None:
    """The pid of a project's process that calls itself `name`: "alembic-worker", "alembic-guard"."""
    for pid in marked(project.mark):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                return pid
    return None


def children() -> dict[int, str]:
    """Our own living children: pid -> command line."""
    found = {}
    for task in Path("/proc/self/task").glob("*/children"):
        try:
            words = task.read_text().split()
        except OSError:  # a thread that has ended since it was listed
            continue
        for word in words:
            if is_running(int(word)):
                found[int(word)] = command_line(int(word))
    return found


def descendants(pid: int) -> list[int]:
    """The processes that it started, and these, as far as they live; also those forked from what was started before."""
    found, left = list[int](), [pid]
    while left:
        for task in Path(f"/proc/{left.pop()}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                more = [int(word) for word in task.read_text().split()]
                found += more
                left += more
    return found


def command_line(pid: int) -> str:
    """A process's command line, blanks between words; "" when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
