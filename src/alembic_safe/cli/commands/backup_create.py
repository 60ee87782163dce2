"""`alembic-safe backup create`: a backup now."""

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

    return workflow.create_backup(settings, sink=sink)


COMMAND = Command(
    "backup create",
    "Make a backup now, and verify it.",
    "The same backup as `upgrade` makes: written, read back whole, and entered in the catalogue.",
    _work,
)
