"""`alembic-safe stamp`: write version rows that the schema proves."""

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

    return workflow.stamp(settings, arguments["revision"], sink=sink)


COMMAND = Command(
    "stamp",
    "Write the version rows, if the schema proves that they are true.",
    "The schema is compared with that of the revision, replayed on a scratch database, under the deploy lock. Without "
    "proof nothing is written and the exit status is 3, unless --force says why.",
    _work,
    (
        Argument(
            "revision",
            "Identifiers, or head, heads, base: all the rows there will be.",
            required=True,
            many=True,
        ),
    ),
)
