"""`alembic-safe recover`: what is true of a broken target, and the ways out."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from alembic_safe.cli.command import Command
from alembic_safe.cli.commands.backup_restore import ask_by_name
from alembic_safe.cli.terminal import is_terminal

if TYPE_CHECKING:
    from alembic_safe.model.events import EventSink
    from alembic_safe.model.results import Result
    from alembic_safe.settings import Settings


def _work(settings: Settings, arguments: Mapping[str, str | None], sink: EventSink) -> Result:
    from alembic_safe import workflow

    asks = is_terminal(sys.stdin, os.environ) and is_terminal(sys.stderr, os.environ)
    result = workflow.recover(settings, confirm=ask_by_name if asks else None, sink=sink)
    if settings.recovery.bundle is not None:
        from alembic_safe.cli.bundling import write_bundle

        write_bundle(settings.recovery.bundle, result, settings)
    return result


COMMAND = Command(
    "recover",
    "Say what happened to a target and what is true of it now; carry out a remedy.",
    "Without `--apply` nothing is changed: the journal's time line, the state that the evidence shows, and the "
    "remedies, with the SQL of each, what it needs and what it loses. With `--apply REMEDY` that one is carried out "
    "under the deploy lock, with a backup standing; then the evidence is read again. Exit status as `status`: 0 is "
    "well, 5 clean after an interrupted run, 6 dirty.",
    _work,
)
