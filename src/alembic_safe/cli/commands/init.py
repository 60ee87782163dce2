"""`alembic-safe init`: settings and a pipeline's snippet for the project at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from alembic_safe.cli.command import Command

if TYPE_CHECKING:
    from alembic_safe.model.events import EventSink
    from alembic_safe.model.results import Result
    from alembic_safe.settings import Settings


def _work(settings: Settings, arguments: Mapping[str, str | None], sink: EventSink) -> Result:
    from alembic_safe.workflow.initialise import initialise

    return initialise(settings.directory, config=settings.project.config, ci=settings.ci)


COMMAND = Command(
    "init",
    "Write a commented settings section for the project here.",
    "Adds [tool.alembic-safe] to the pyproject.toml beside the alembic configuration and prints a "
    "snippet for the pipeline. Never changes a section that is there.",
    _work,
    asks_project=False,
)
