"""`alembic-safe history`: runs and their times."""

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

    return workflow.history(
        settings,
        limit=settings.query.limit,
        slowest=settings.query.slowest,
        run=settings.query.run,
        sink=sink,
    )


COMMAND = Command(
    "history",
    "Show past runs, their revisions and their times.",
    "Newest first. --run shows one run with every statement; --slowest shows where the time went.",
    _work,
)
