"""`check --rehearse`: the revisions under review run on a clone that holds what those before them make.

No database is asked. What the history makes is kept by its content, so that only the first run replays it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from alembic_safe.bridge import Workers
from alembic_safe.bridge.review import Reviewed
from alembic_safe.errors import BackupError, RefusedError
from alembic_safe.model.events import EventSink
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.model.targets import Dialect
from alembic_safe.settings import Settings
from alembic_safe.workflow.as_it_ran import as_it_ran
from alembic_safe.workflow.context import Phases
from alembic_safe.workflow.kept_base import KeptBase, kept_base
from alembic_safe.workflow.kept_schema import cache_folder
from alembic_safe.workflow.rehearsal_run import Stand
from alembic_safe.workflow.rehearsal_sources import Origin
from alembic_safe.workflow.rehearse import MOST_TARGETS, Rehearsal, rehearsed

Tick = Callable[[], None]


def rehearse_reviewed(
    settings: Settings,
    workers: Workers,
    reviewed: Reviewed,
    dialect: Dialect,
    *,
    phases: Phases,
    sink: EventSink,
    tick: Tick,
) -> Rehearsal | None:
    """Run the chosen revisions, and whatever lies between them; None where none was chosen.

    Raises `RefusedError` where there is no server for it, `RevisionFailedError` where env.py comes to no target.
    """
    order = [one.revision.id for one in reviewed.targets[0]] if reviewed.targets else []
    chosen = [number for number, one in enumerate(order) if one in reviewed.chosen]
    if not chosen:
        return None
    # before the first there is nothing where the review begins with it and nothing was left out
    first = order[chosen[0]] if chosen[0] or reviewed.skipped else ""
    after = order[chosen[-1] + 1] if chosen[-1] + 1 < len(order) else ""
    major = settings.review.server_version if dialect == "postgresql" else None
    keep = _place(settings, reviewed, dialect) if first else None
    dumped = keep.read() if keep is not None else None

    def begun(stands: list[Stand]) -> None:
        if keep is not None and len(stands) == 1:
            keep.keep(stands[0].database, settings.backup.bindir, tick)

    def run(found: Origin, start_before: str) -> Rehearsal:
        return rehearsed(
            replace(settings, rehearsal=replace(settings.rehearsal, source="base")),
            workers,
            reviewed.section,
            found,
            "",
            "heads",
            phases=phases,
            sink=sink,
            tick=tick,
            stop_before=(after,) * MOST_TARGETS if after else (),
            start_before=start_before,
            begun=begun if start_before else None,
        )

    if keep is not None and dumped is not None:
        try:
            return run(Origin("the history before, as it was kept", dialect, major, {"": dumped}), "")
        except (BackupError, RefusedError):
            # another server than the one it was made on, or half of a file: it is made anew
            keep.forget()
    return run(Origin("the history, from base", dialect, major), first)


def seen_to_run(
    reviewed: Reviewed, ran: Rehearsal, dialect: Dialect
) -> tuple[tuple[RevisionListing, ...], ...]:
    """The review's listings, those that could not be read with what they executed on the clone."""
    done = {one.revision.id: one for one in ran.listings if one.not_inspectable is None}
    return tuple(
        tuple(
            as_it_ran(one, done[one.revision.id], ran.server, dialect)
            if one.not_inspectable is not None and one.revision.id in done
            else one
            for one in target
        )
        for target in reviewed.targets
    )


def _place(settings: Settings, reviewed: Reviewed, dialect: Dialect) -> KeptBase | None:
    """Where the base state is kept; None where what it follows from is not known, or it is a file that costs nothing.

    `reviewed.kept` is called by a digest of the revisions before the first chosen one and of the modules they import.
    """
    if not reviewed.kept or dialect == "sqlite":
        return None
    return kept_base(
        cache_folder(os.environ, "bases"),
        Path(reviewed.kept).stem,
        str(settings.review.server_version),
        settings.scratch.mode,
        _env_py(reviewed),
    )


def _env_py(reviewed: Reviewed) -> str:
    """The text of the env.py that runs the revisions."""
    try:
        return Path(reviewed.graph.directory, "env.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
