"""`identify`: which revision every target's schema is that of, whatever its version rows say. Writes nothing there."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timezone

from alembic_safe.apply import Interrupts
from alembic_safe.bridge import Workers
from alembic_safe.model.events import EventSink, ignore
from alembic_safe.model.identified import IdentifiedTarget, IdentifyResult
from alembic_safe.model.identity import Heads, Identity
from alembic_safe.recovery.identity import Asked
from alembic_safe.recovery.identity import identify as identify_target
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.aiming import aimed
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import Phases, new_run_id
from alembic_safe.workflow.kept_schema import cache_folder


def identify(settings: Settings, *, sink: EventSink = ignore) -> IdentifyResult:
    """Compare each target's schema with every state of its history. Exit status 3 where one is not as stamped."""
    with (
        Interrupts() as interrupts,
        Workers(sink, start_timeout=settings.project.start_timeout) as workers,
    ):
        phases = Phases(sink)
        with phases.phase("probe", "looking at the project and its targets"):
            probed = asking.ask(
                settings,
                workers,
                "heads",
                "upgrade",
                listing=False,
                digest=True,
                sink=sink,
                tick=interrupts.check,
            )
        sites = asking.open_sites(probed, settings.control, read_only=True)
        try:
            with phases.phase("identify", "comparing the schema with the history"):
                targets = tuple(
                    IdentifiedTarget(
                        site.summary(),
                        identity_of(settings, workers, site, sink=sink, tick=interrupts.check),
                    )
                    for site in aimed(sites, settings.target)
                )
        finally:
            asking.close_sites(sites)
    notices = tuple(notice.message for section in probed for notice in section.notices)
    well = all(one.identity.verdict == "as stamped" for one in targets)
    return IdentifyResult(0 if well else 3, targets, notices)


def identity_of(
    settings: Settings,
    workers: Workers,
    site: Site,
    *,
    sink: EventSink,
    tick: Callable[[], None],
    wanted: Heads | None = None,
) -> Identity:
    """The identity of one target; `wanted` are version rows to compare with besides those that stand.

    What was replayed is kept where the probe was asked for a digest. Raises `UnreachableError`.
    """
    asked = Asked(
        workers=workers,
        job=asking.job(settings, site.section, "heads", "upgrade", apply_as="alembic-safe/scratch"),
        graph=site.graph,
        target=site.target,
        database=site.database,
        scratch=settings.scratch,
        run=new_run_id(datetime.now(timezone.utc)),
        cache=cache_folder(os.environ, "histories"),
        journal_schema=settings.journal.schema,
        bindir=settings.backup.bindir,
        wanted=wanted,
    )

    def ticking() -> None:
        tick()
        site.database.ping()

    return identify_target(asked, sink=sink, tick=ticking)
