"""Where preflight meets a run: what its checks are given, and what becomes of what they find."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone

from alembic_safe.apply import preflight
from alembic_safe.apply.unfinished import application_name
from alembic_safe.journal import JournalReader
from alembic_safe.model.findings import JudgedPlan
from alembic_safe.model.preflight import Obstacle, PhasedStep, PlannedWork
from alembic_safe.settings import Settings
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.planned_work import planned_work
from alembic_safe.workflow.recent_steps import recent_expansions


def before_the_lock(settings: Settings, sites: Sequence[Site], say: Callable[[str], None]) -> None:
    """What can be looked for without a plan. Raises `RefusedError`; warnings go to `say`."""
    less = preflight.lowered(settings.preflight)
    if less and any(site.pending for site in sites):
        say(f"checks before the run count for less than they would by themselves: {less}")
    _act([obstacle for site in sites for obstacle in _found(settings, site, None, ())], say)


def before_the_backup(
    settings: Settings,
    sites: Sequence[Site],
    journals: Mapping[int, JournalReader],
    runs: Sequence[str],
    say: Callable[[str], None],
) -> None:
    """What the plan says has to be looked for, the deploy lock being held. Raises `RefusedError`."""
    own = tuple(application_name(run) for run in runs)
    found: list[Obstacle] = []
    for site in sites:
        if site.judgement is not None:
            plan = site.judgement.plan
            recent = recent_of(settings, site, journals.get(id(site.database)), plan)
            found += _found(settings, site, planned_work(plan), own, recent)
    _act(found, say)


def scene_of(
    settings: Settings,
    site: Site,
    work: PlannedWork | None = None,
    own: Sequence[str] = (),
    recent: tuple[PhasedStep, ...] = (),
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
        recent=recent,
        pooled=site.pooled,
    )


def recent_of(
    settings: Settings, site: Site, journal: JournalReader | None, plan: JudgedPlan
) -> tuple[PhasedStep, ...]:
    """The expand steps that are too fresh for a contract step, where settings ask for time in between."""
    within = settings.preflight.contract_after
    if within is None or journal is None:
        return ()
    table, now = str(site.target.version_table), datetime.now(timezone.utc)
    return recent_expansions(journal, table, now, within, plan.version)


def _found(
    settings: Settings,
    site: Site,
    work: PlannedWork | None,
    own: Sequence[str],
    recent: tuple[PhasedStep, ...] = (),
) -> list[Obstacle]:
    scene = scene_of(settings, site, work, own, recent)
    items = preflight.look(scene, planned=work is not None, pending=bool(site.pending))
    return [obstacle for item in items for obstacle in item.obstacles]


def _act(found: Sequence[Obstacle], say: Callable[[str], None]) -> None:
    unique = list(dict.fromkeys(found))  # several targets of one database
    preflight.refuse(unique)
    for one in unique:
        say(f"{one.check}: {one.message}. {one.cure}")
