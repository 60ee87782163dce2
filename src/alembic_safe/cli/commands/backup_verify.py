"""`alembic-safe backup verify`: is a backup still good."""

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

    return workflow.verify_backup(settings, arguments["backup"], sink=sink)


COMMAND = Command(
    "backup verify",
    "Read a backup again and compare it with its checksums.",
    "Exit status 7 when it is not good.",
    _work,
    (Argument("backup", "Which backup. Default: the newest."),),
    asks_project=False,
)
