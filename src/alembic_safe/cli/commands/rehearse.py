"""`alembic-safe rehearse`: the pending revisions on a clone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from alembic_safe.cli.command import Argument, Command

if TYPE_CHECKING:
    from alembic_safe.model.events import EventSink
    from alembic_safe.model.results import Result
    from alembic_safe.settings import Settings


def _work(settings: Settings, arguments: Mapping[str, str | None], sink: EventSink) -> Result:
    from alembic_safe import workflow

    return workflow.rehearse(settings, arguments["range"], sink=sink)


COMMAND = Command(
    "rehearse",
    "Run the pending revisions on a clone: real locks, real rows, real times.",
    "The clone is made from a backup, the target's schema, the history, or another database (--from), on a server "
    "that --scratch names, and dropped at the end. The target is only read. Exit status 5 where a revision fails on "
    "the clone; 3 where the gate refuses what was seen there, a budget is exceeded, or the round trip fails.",
    _work,
    (
        Argument(
            "range", "A range (a1:b2, what follows a1 up to b2), or up to which revision.", default="heads"
        ),
    ),
)
