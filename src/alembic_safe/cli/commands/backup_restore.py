"""`alembic-safe backup restore`: a backup back, in the target's place or beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from alembic_safe.cli.command import Argument, Command
from alembic_safe.cli.terminal import is_terminal

if TYPE_CHECKING:
    from alembic_safe.model.events import EventSink
    from alembic_safe.model.restores import RestorePlan
    from alembic_safe.model.results import Result
    from alembic_safe.settings import Settings


def _work(settings: Settings, arguments: Mapping[str, str | None], sink: EventSink) -> Result:
    from alembic_safe import workflow

    asks = is_terminal(sys.stdin, os.environ) and is_terminal(sys.stderr, os.environ)
    return workflow.restore_backup(
        settings, arguments["backup"], confirm=ask_by_name if asks else None, sink=sink
    )


def ask_by_name(plan: RestorePlan) -> bool:
    """Ask on the terminal whether it is meant. The name is asked for, not a letter that a finger gives by itself."""
    name = plan.target.rpartition("/")[2]
    sys.stderr.write(f"To go on, type {name}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == name


COMMAND = Command(
    "backup restore",
    "Restore a backup, into the target's place or beside it; overwrites nothing.",
    "The backup is restored into a new database, its schema and its rows are compared, and then the two change "
    "their names at once; the old one is kept under a name with the date. What was written since the backup is "
    "said first, and asked about on a terminal; elsewhere `--yes` says it is meant. With `--beside NAME` the "
    "target is left as it is; with `--restore-url` too it is restored on that server, and env.py is not even asked: "
    "for when the target is gone.",
    _work,
    (Argument("backup", "Which backup. Default: the newest full one of the target."),),
)
