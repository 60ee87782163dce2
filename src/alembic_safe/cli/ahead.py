"""What takes long and needs no settings is begun before the command line is even read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

# the first words of the commands that execute env.py: to import the commands and ask them takes as long as a tenth
# of what is to be begun (tests/unit/cli/test_ahead.py compares)
ASKING = frozenset(
    (
        "backup",
        "check",
        "doctor",
        "downgrade",
        "history",
        "identify",
        "plan",
        "recover",
        "rehearse",
        "stamp",
        "status",
        "upgrade",
    )
)
_NO_WORK = ("--help", "-h", "--version")


@contextmanager
def begun(arguments: Sequence[str]) -> Iterator[None]:
    """Start the process that imports alembic, where the arguments look like a command that will ask for it.

    A wrong guess costs a process that is ended unused.
    """
    if not ASKING.intersection(arguments) or set(_NO_WORK).intersection(arguments):
        yield
        return
    from alembic_safe.bridge import discard_prestarted, prestart

    prestart()
    try:
        yield
    finally:
        discard_prestarted()
