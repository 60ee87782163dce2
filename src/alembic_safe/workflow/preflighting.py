"""Where preflight meets a run: what its checks are given, and what becomes of what they find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from alembic_safe.apply import preflight
from alembic_safe.apply.unfinished import application_name
from alembic_safe.model.findings import JudgedPlan
from alembic_safe.model.preflight import Obstacle, PlannedWork
from alembic_safe.settings import Settings
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.planned_work import planned_work


def before_the_lock(settings: Settings, sites: Sequence[Site], say: Callable[[str], None]) -> None:
    """What can be looked for without a plan. Raises `RefusedError`; warnings go to `say`."""
    _act([obstacle for site in sites for obstacle in _found(settings, site, None, ())], say)


def before_the_backup(
    settings: Settings,
    plans: Sequence[tuple[Site, JudgedPlan]],
    runs: Sequence[str],
    say: Callable[[str], None],
) -> None:
    """What the plan says has to be looked for, the deploy lock being held. Raises `RefusedError`."""
    own = tuple(application_name(run) for run in runs)
    found = [obstacle for site, plan in plans for obstacle in _found(settings, site, planned_work(plan), own)]
    _act(found, say)


def scene_of(
    settings: Settings, site: Site, work: PlannedWork | None = None, own: Sequence[str] = ()
) -> preflight.Scene:
    """What the checks are given for a target."""
    tables = preflight.locked_tables(site.database, site.target, work) if work is not None else ()
    return preflight.Scene(
        database=site.database,
        target=site.target,
        policy=settings.preflight,
        backup=settings.backup,
        now=datetime.now(timezone.utc),
        journal_schema=None if settings.journal.file is not None else settings.journal.schema,
        heads=site.graph.heads,
        revisions=site.graph.revisions,
        work=work,
        tables=tables,
        own=frozenset(own),
    )


def _found(settings: Settings, site: Site, work: PlannedWork | None, own: Sequence[str]) -> list[Obstacle]:
    scene = scene_of(settings, site, work, own)
    items = preflight.look(scene, planned=work is not None, pending=bool(site.pending))
    return [obstacle for item in items for obstacle in item.obstacles]


def _act(found: Sequence[Obstacle], say: Callable[[str], None]) -> None:
    unique = list(dict.fromkeys(found))  # several targets of one database
    preflight.refuse(unique)
    for one in unique:
        say(f"{one.check}: {one.message}. {one.cure}")
