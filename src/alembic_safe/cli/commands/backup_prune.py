"""`alembic-safe backup prune`: remove backups that need not be kept any more."""

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

    return workflow.prune_backups(settings, sink=sink)


COMMAND = Command(
    "backup prune",
    "Remove backups that need not be kept any more.",
    "Kept are the newest of each of the last days, weeks and months that have any (--keep-daily, --keep-weekly,"
    " --keep-monthly), the last good one always, and what an unfinished or dirty run needs. --dry-run only says"
    " what would go.",
    _work,
)
