"""`alembic-safe identify`: which revision a database's schema is that of."""

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

    return workflow.identify(settings, sink=sink)


COMMAND = Command(
    "identify",
    "Say which revision the schema is that of, and what differs; writes nothing in the target.",
    "Replays the history on a scratch database, reads the schema after each revision, and compares the live one with"
    " each, object by object, whatever the version table says. What was replayed is kept in the cache. Exit status 0"
    " is a schema that is what its version rows promise, 3 any other.",
    _work,
)
