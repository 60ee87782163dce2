"""`alembic-safe upgrade`: the main job."""

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

    if settings.dry_run:
        return workflow.dry_run(settings, arguments["revision"], sink=sink)
    return workflow.upgrade(settings, arguments["revision"], sink=sink)


COMMAND = Command(
    "upgrade",
    "Back up, apply the pending revisions one by one, and read the result back.",
    "Stands where a pipeline says `alembic upgrade head`. Each revision is a transaction of its own, is"
    " written to the journal before it begins, and counts as done only when the database says so. One "
    "run at a time: another waits (--wait) or ends with exit status 4.",
    _work,
    (Argument("revision", "Where to: an identifier, a label, heads, +2.", default="heads"),),
)
