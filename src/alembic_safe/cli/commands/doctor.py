"""`alembic-safe doctor`: what would stop a run here."""

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

    return workflow.doctor(settings, sink=sink)


COMMAND = Command(
    "doctor",
    "Say what would stop a run here, each with its cure; changes nothing.",
    "Runs every preflight check on every target, and looks at the journal, the tools and env.py. Exit status 3 where a"
    " run would be refused. --clean first removes what dead runs left: their sessions, databases"
    " of killed restores beside a target, and temporary servers.",
    _work,
)
