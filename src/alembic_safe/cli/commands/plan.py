"""`alembic-safe plan`: what an upgrade would run here."""

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

    return workflow.plan(settings, arguments["revision"] or "heads", sink=sink)


COMMAND = Command(
    "plan",
    "Show the pending revisions and their statements; touches nothing.",
    "Each statement stands with the line that issues it. A revision that reads from the database while "
    "it runs cannot be shown beforehand, and is named.",
    _work,
    (Argument("revision", "Up to which revision.", default="heads"),),
)
