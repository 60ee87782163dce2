"""The unread revisions of an upgrade, a downgrade or a plan, run on a scratch before they are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby

from alembic_safe.bridge import Workers
from alembic_safe.model.events import EventSink
from alembic_safe.model.revisions import Direction
from alembic_safe.model.scratch import ScratchRun
from alembic_safe.settings import Settings
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import Phases
from alembic_safe.workflow.scratching import Scratch, captured, unread


def read_sites(
    settings: Settings,
    workers: Workers,
    sites: Sequence[Site],
    *,
    direction: Direction,
    destination: str,
    phases: Phases,
    sink: EventSink,
    tick: Callable[[], None],
    say: Callable[[str], None],
) -> tuple[ScratchRun, ...]:
    """Give each site's unread listings what they execute on a scratch of its kind and major; what was run for it.

    Nothing where all is read. Raises for a scratch server that was named and cannot be used.
    """
    runs: list[ScratchRun] = []
    if settings.scratch.mode == "off" or not unread([site.listings for site in sites]):
        return ()
    with phases.phase("scratch", "running revisions that cannot be read otherwise on a scratch database"):
        for section, group in groupby(sites, key=lambda site: site.section):
            mine = list(group)
            found = captured(
                settings,
                workers,
                section,
                [site.listings for site in mine],
                scratch=_scratch(mine[0]),
                sink=sink,
                tick=tick,
                direction=direction,
                destination=destination,
                with_values=True,
            )
            for site, listings in zip(mine, found.targets, strict=True):
                site.probed = replace(site.probed, listings=listings)
            for notice in found.notices:
                say(notice)
            runs += [found.run] if found.run else []
    return tuple(runs)


def _scratch(site: Site) -> Scratch:
    facts, heads = site.database.facts, site.target.heads or ()
    if facts.dialect == "sqlite":
        return Scratch("sqlite", path=site.target.database, heads=heads)
    return Scratch("postgresql", facts.version_number // 10000, heads=heads)
