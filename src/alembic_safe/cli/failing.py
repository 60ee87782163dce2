"""The exception that ended a command, as a failure and an exit status. Keeps a bug's traceback in a file."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Mapping

from alembic_safe.errors import AlembicSafeError, RevisionFailedError
from alembic_safe.model.results import Failure

DEBUG = "ALEMBIC_SAFE_DEBUG"


def explain(
    error: BaseException, applying: bool, environ: Mapping[str, str], changing: str = ""
) -> tuple[Failure, int, str]:
    """What is said of an exception, the exit status, and a traceback to show ("" unless debugging).

    `applying`: a revision had begun, so that nobody here can say that nothing was changed. `changing` is what else
    that changes anything was begun last, for people.
    """
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    shown = trace if environ.get(DEBUG) else ""
    if isinstance(error, KeyboardInterrupt):
        return Failure.of(_interrupted(applying, changing)), RevisionFailedError.exit_status, ""
    if isinstance(error, AlembicSafeError):
        return Failure.of(error), error.exit_status, shown
    hint = AlembicSafeError.default_hint
    if not shown:
        hint += _kept(trace)
    name = type(error).__name__
    bug = AlembicSafeError(f"unexpected error: {name}: {error}" if str(error) else name, hint=hint)
    return Failure.of(bug), bug.exit_status, shown


def _interrupted(applying: bool, changing: str) -> RevisionFailedError:
    if applying:
        return RevisionFailedError(
            "interrupted while revisions were applied", hint="See `alembic-safe status` for what took effect."
        )
    if changing:
        return RevisionFailedError(
            f"interrupted after this was begun: {changing}",
            hint="See `alembic-safe status` and `alembic-safe backup list` for what took effect.",
        )
    return RevisionFailedError("interrupted, nothing was changed", hint="Run the same command again.")


def _kept(trace: str) -> str:
    """A sentence on where the traceback is: a new file that only this user can read."""
    try:
        number, path = tempfile.mkstemp(prefix="alembic-safe-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(trace)
    except OSError:
        return f" Set {DEBUG}=1 to see the traceback."
    return f" The traceback is in {path}; read it before you pass it on."
