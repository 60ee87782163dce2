"""Commands forked from a process that has imported them already, to be killed: a sweep of hundreds lives on it.

Each is the command in a process and a group of its own; only the start of Python is not shown. The short form of such a
test starts the installed script.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Any

_MODULES = (
    "alembic_safe.cli.entry",
    "alembic_safe.cli.running",
    "alembic_safe.workflow.backups",
    "alembic_safe.workflow.pruning",
    "alembic_safe.backup.stores.remote",
    "alembic_safe.report.console",
    "psycopg",
    "fsspec.core",
    "s3fs",
)


class Forked:
    """As much of a `Popen` as a test needs that kills it; what it says is not kept."""

    def __init__(self, args: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        self._process = _context().Process(target=_become, args=(list(args), str(cwd), dict(env)))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        status: int | None = self._process.exitcode
        return status

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def kill(self) -> None:
        self._process.kill()

    def communicate(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        self._process.join(timeout)
        assert self.poll() is not None, "it still runs"


def stop_forking() -> None:
    """End the process that forks, and the one that multiprocessing starts with it, which both live as long as we."""
    vars(forkserver)["_forkserver"]._stop()
    vars(resource_tracker)["_resource_tracker"]._stop()


@cache
def _context() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_MODULES))
    return context


def _become(args: list[str], cwd: str, env: dict[str, str]) -> None:
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["alembic-safe", *args]
    from alembic_safe.cli import main

    main()
