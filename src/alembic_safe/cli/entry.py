"""One call of the command line: the arguments in, the exit status out, and never a traceback."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import typer

from alembic_safe.cli.app import build
from alembic_safe.cli.commands import COMMANDS, GROUPS

# Typer brings its own click or uses an installed one, depending on its version: the base class of all usage
# errors is reached through the one that it exports.
_USAGE_ERROR: Any = next(
    kind for kind in reversed(typer.BadParameter.__mro__) if hasattr(kind, "format_message")
)
_RELATIVE = re.compile(r"-\d+")
_TAKES_RELATIVE = ("upgrade", "downgrade", "plan")
_ALEMBICS_OWN = {
    "--sql": "`alembic-safe plan` shows the SQL of the pending revisions.",
    "--tag": "Pass it to env.py with -x.",
}


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; `arguments` default to the process's own. Returns the exit status."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not fail a migration that went well.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        command = typer.main.get_command(build())
        status = command.main(relative_last(typed), prog_name="alembic-safe", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except _USAGE_ERROR as error:
        return _usage_error(error, typed)
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("error: interrupted, nothing was changed\n")
        return 5
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def relative_last(arguments: list[str]) -> list[str]:
    """`downgrade -1 -q` as `downgrade -q -- -1`: a number of revisions is no flag, as alembic has it.

    >>> relative_last(["downgrade", "-1", "-q"])
    ['downgrade', '-q', '--', '-1']
    """
    if "--" in arguments or not any(word in _TAKES_RELATIVE for word in arguments):
        return arguments
    found = [word for word in arguments if _RELATIVE.fullmatch(word)]
    rest = [word for word in arguments if not _RELATIVE.fullmatch(word)]
    return [*rest, "--", *found] if found else rest


def _usage_error(error: Any, typed: list[str]) -> int:
    from alembic_safe.cli.delivering import deliver_usage_error
    from alembic_safe.errors import UsageError

    message = str(error.format_message()).strip().rstrip(".")
    command = _command_of(typed)
    hint = f"See `{' '.join(['alembic-safe', command]).strip()} --help`."
    hint = _ALEMBICS_OWN.get(getattr(error, "option_name", None) or "", hint)
    return deliver_usage_error(command, typed, UsageError(message[:1].lower() + message[1:], hint=hint))


def _command_of(typed: list[str]) -> str:
    """The command, or group of commands, that was typed; empty where none was."""
    names = {command.name for command in COMMANDS}
    for first, second in zip(typed, [*typed[1:], ""], strict=True):
        if f"{first} {second}" in names:
            return f"{first} {second}"
        if first in names or first in GROUPS:
            return first
    return ""
