"""`alembic-safe backup list`: the backups there are."""

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

    return workflow.list_backups(settings)


COMMAND = Command(
    "backup list",
    "List the backups there are, newest first.",
    "",
    _work,
    asks_project=False,
)
