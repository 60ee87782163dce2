"""Run a command of the user's that makes a backup: watched, and never outliving us. It gets no secret of ours."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping

from alembic_safe.quick import dataclass

_PREFIX = "ALEMBIC_SAFE_"
_KEPT = 65_536  # bytes of its stdout, the last


@dataclass(frozen=True, slots=True)
class Told:
    """How the command ended, and the end of what it wrote to stdout and stderr."""

    status: int
    out: str
    said: str


def run_external(
    command: str, facts: Mapping[str, str], *, tick: Callable[[], None], without: Collection[str] = ()
) -> Told:
    """Run `command` in a shell with `facts` in its environment, which is ours else but for our own settings.

    `without` are further variables that it does not get of ours.

    `tick` is called several times a second; when it raises, the command and its children are ended.
    """
    from alembic_safe.databases.process import run_tool

    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_PREFIX) and name not in without
    }
    out = bytearray()

    def take(piece: bytes) -> None:
        out.extend(piece)
        del out[:-_KEPT]

    ended = run_tool(["/bin/sh", "-c", command], environment=environment | dict(facts), tick=tick, take=take)
    return Told(ended.status, bytes(out).decode(errors="replace"), ended.said)
