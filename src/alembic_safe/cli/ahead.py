"""What takes long and needs no settings is begun before the command line is even read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_NO_WORK = ("--help", "-h", "--version")


@contextmanager
def begun(arguments: Sequence[str]) -> Iterator[None]:
    """Start the process that imports alembic, where the arguments look like a command that will ask for it.

    A wrong guess costs a process that is ended unused.
    """
    from alembic_safe.cli.commands import COMMANDS

    asking = {command.name.partition(" ")[0] for command in COMMANDS if command.asks_project}
    if not asking.intersection(arguments) or set(_NO_WORK).intersection(arguments):
        yield
        return
    from alembic_safe.bridge import discard_prestarted, prestart

    prestart()
    try:
        yield
    finally:
        discard_prestarted()
