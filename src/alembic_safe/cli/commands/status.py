"""`alembic-safe status`: where the database is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from alembic_safe.cli.command import Command

if TYPE_CHECKING:
    from alembic_safe.model.events import EventSink
    from alembic_safe.model.results import Result
    from alembic_safe.settings import Settings


def _work(settings: Settings, arguments: Mapping[str, str | None], sink: EventSink) -> Result:
    from alembic_safe import workflow

    return workflow.status(settings, sink=sink)


COMMAND = Command(
    "status",
    "Say where the database is and whether it is well; writes nothing.",
    "Exit status 0 is well, 5 clean after an interrupted run, 6 dirty, 8 at a revision that this "
    "checkout does not know.",
    _work,
)
