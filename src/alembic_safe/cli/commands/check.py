"""`alembic-safe check`: the review of revisions, without a database."""

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

    return workflow.check(settings, tuple(arguments["what"] or ()), sink=sink)


COMMAND = Command(
    "check",
    "Judge revisions before they are deployed; needs no database.",
    "Says per statement what PostgreSQL will do, whom it blocks, and the alembic code to write instead. Exit "
    "status 3 where a finding is at or above --fail-on.",
    _work,
    (
        Argument(
            "what",
            "Revision files, a range (a1:b2, what follows a1 up to b2; a1:; :b2), or one revision. Files that "
            "are no revisions are left out, as a pre-commit hook needs it.",
            many=True,
        ),
    ),
)
