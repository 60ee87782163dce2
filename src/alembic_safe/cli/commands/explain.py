"""`alembic-safe explain`: the page of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alembic_safe.cli.command import Argument, Command

if TYPE_CHECKING:
    from alembic_safe.model.events import EventSink
    from alembic_safe.model.results import Result
    from alembic_safe.settings import Settings


def _work(settings: Settings, arguments: Mapping[str, Any], sink: EventSink) -> Result:
    from alembic_safe import workflow

    return workflow.explain(arguments["rule"])


COMMAND = Command(
    "explain",
    "Say what a rule finds, why that is dangerous, and what to write instead.",
    "",
    _work,
    (Argument("rule", "The rule's name, as a finding has it. Default: list every rule."),),
    asks_project=False,
)
