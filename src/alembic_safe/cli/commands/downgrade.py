"""`alembic-safe downgrade`: back to an earlier revision, with the same care."""

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

    return workflow.downgrade(settings, arguments["revision"] or "", sink=sink)


COMMAND = Command(
    "downgrade",
    "Go back to an earlier revision, with the same care.",
    "Makes a backup first: what a downgrade drops is gone from the tables. Applies each revision's "
    "downgrade() as `upgrade` does its upgrade().",
    _work,
    (Argument("revision", "Where to: an identifier, base, -1.", required=True),),
)
