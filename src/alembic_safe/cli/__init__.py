"""The command line: flags to settings, result to report and exit status. No logic.

Nothing here may import alembic, SQLAlchemy, sqlglot, pydantic, rich or a driver before a command runs:
`alembic-safe --help` has no time for them.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn


def main() -> None:
    """The `alembic-safe` command. Ends the process with the exit status."""
    # a command makes little garbage and imports much, which the collector would look through again and again
    gc.set_threshold(100_000, 20, 20)
    from alembic_safe.cli.ahead import begun

    status: int | None = None
    try:
        with begun(sys.argv[1:]):
            from alembic_safe.cli.entry import run

            status = run()
    except KeyboardInterrupt:
        if status is None:  # before the command line was read; what comes later is said by the command
            sys.stderr.write("error: interrupted, nothing was changed\n")
            status = 5
    _end(status)


def _end(status: int) -> NoReturn:
    if sys.getprofile() is None and sys.gettrace() is None:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):  # Python's own exit says what is wrong with them
            raise SystemExit(status) from None
        # everything is closed and written: to take the interpreter apart takes longer than a step of a run
        os._exit(status)
    raise SystemExit(status)


__all__ = ["main"]
