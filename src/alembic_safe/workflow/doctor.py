"""`doctor`: what would stop a run here, each with its cure; with --clean, what dead runs left is removed."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timezone

from alembic_safe.apply import Interrupts, preflight
from alembic_safe.bridge import Workers
from alembic_safe.bridge.probe import Probed
from alembic_safe.databases import clean_leftovers
from alembic_safe.databases.postgresql.beside import open_named, remove_left
from alembic_safe.errors import AlembicSafeError, UnreachableError
from alembic_safe.journal import open_journal, require_possible
from alembic_safe.model.events import EventSink, ignore
from alembic_safe.model.preflight import CheckedItem, Level, Obstacle
from alembic_safe.model.results import DoctorResult, ExaminedTarget
from alembic_safe.model.targets import Session
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking, gating
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import Phases, new_run_id
from alembic_safe.workflow.planned_work import planned_work
from alembic_safe.workflow.preflighting import recent_of, scene_of
from alembic_safe.workflow.status import state_of

_DEAD_SESSIONS = preflight.query("runs_sessions")


def doctor(settings: Settings, *, sink: EventSink = ignore) -> DoctorResult:
    """Ask the project as a run would, and every check of every target; nothing is written unless --clean.

    Exit status 3 where a run would be refused, 0 where it would only be warned.
    """
    preflight.require_known(settings.preflight.levels)
    cleaned = list(_clean_machine(settings)) if settings.clean else []
    with (
        Interrupts() as interrupts,
        Workers(sink, start_timeout=settings.project.start_timeout) as workers,
    ):
        with Phases(sink).phase("probe", "looking at the project and its targets"):
            probed = asking.ask(
                settings, workers, "heads", "upgrade", listing=True, sink=sink, tick=interrupts.check
            )
        sites = asking.open_sites(probed, settings.control, read_only=True)
        try:
            if settings.clean:
                cleaned += [line for site in sites for line in _end_dead_sessions(site)]
                cleaned += [line for site in sites for line in _remove_left(settings, site)]
            targets = tuple(_examined(settings, site) for site in sites)
        finally:
            asking.close_sites(sites)
    project = tuple(_project(section) for section in probed)
    items = [*project, *(item for target in targets for item in target.checks)]
    refused = any(one.level == "refuse" for item in items for one in item.obstacles)
    return DoctorResult(3 if refused else 0, targets, project, tuple(dict.fromkeys(cleaned)))


def _project(section: Probed) -> CheckedItem:
    """What env.py does that a person should know of; the bridge lives with it."""
    found = [Obstacle("env-py", "warn", notice.message, notice.hint) for notice in section.notices]
    if section.pooled:
        found.append(
            Obstacle(
                "env-py",
                "warn",
                "env.py's own connection goes through a pooler: statements that commit on their own cannot be"
                " watched there",
                "Let env.py use the database's direct address for migrations.",
            )
        )
    return CheckedItem("env-py", "warn", f"what env.py does in [{section.section}]", tuple(found))


def _examined(settings: Settings, site: Site) -> ExaminedTarget:
    items = [_state(settings, site), _journal(settings, site)]
    before = replace(scene_of(settings, site), doctor=True)
    items += preflight.look(before, planned=False)
    items += preflight.look(_with_plan(settings, site), planned=True)
    return ExaminedTarget(site.summary(), tuple(items))


def _with_plan(settings: Settings, site: Site) -> preflight.Scene:
    """With what is pending, as far as it can be judged; whether it may run is the gate's word and not asked here."""
    if not site.pending or site.probed.found.empty:
        return replace(scene_of(settings, site), doctor=True)
    journal = None
    with suppress(AlembicSafeError):  # one that may not be read is an item of its own
        journal = open_journal(site.database, settings.journal, create=False)
    try:
        plan = gating.judged_site(settings, site, journal).plan
        recent = recent_of(settings, site, journal, plan)
    finally:
        if journal is not None:
            journal.close()
    return replace(scene_of(settings, site, planned_work(plan), recent=recent), doctor=True)


def _state(settings: Settings, site: Site) -> CheckedItem:
    found: tuple[Obstacle, ...] = ()
    try:
        state, exit_status, facts = state_of(settings, site)
    except UnreachableError:
        raise
    except AlembicSafeError as error:  # a journal that may not be read, say
        state, exit_status, facts = "not known", error.exit_status, (error.message,)
    if exit_status:
        level: Level = "warn" if exit_status == 5 else "refuse"
        said = f"{site.target.label}: {state}" + "".join(f"; {fact}" for fact in facts)
        found = (Obstacle("target-state", level, said, "See `alembic-safe status`."),)
    return CheckedItem("target-state", "refuse", "whether the target is in a state to go on from", found)


def _journal(settings: Settings, site: Site) -> CheckedItem:
    found: tuple[Obstacle, ...] = ()
    try:
        require_possible(site.database, settings.journal)
    except AlembicSafeError as error:
        found = (Obstacle("journal", "refuse", error.message, error.hint),)
    return CheckedItem("journal", "refuse", "whether the journal can be written", found)


def _clean_machine(settings: Settings) -> tuple[str, ...]:
    removed = clean_leftovers(settings.scratch, run=new_run_id(datetime.now(timezone.utc)))
    return tuple(f"removed {one}" for one in removed)


def _end_dead_sessions(site: Site) -> list[str]:
    """End sessions of runs on the target's database while no command of ours is connected there."""
    if site.database.facts.dialect != "postgresql":
        return []
    ended = []
    for pid, application, _, supervised in site.database.fetch(_DEAD_SESSIONS):
        if supervised:
            continue
        sessions: tuple[Session, ...] = ()
        with suppress(AlembicSafeError):
            sessions = tuple(s for s in site.database.sessions(application) if s.pid == pid)
            site.database.terminate(sessions)
        if sessions:
            ended.append(f"ended the session of run {application.partition('/')[2]} (pid {pid})")
    return ended


def _remove_left(settings: Settings, site: Site) -> list[str]:
    """Drop the databases that killed restores beside the target left on its server."""
    facts = site.database.facts
    if facts.dialect != "postgresql" or facts.pooler or facts.in_recovery:
        return []
    control = open_named(
        site.target.parameters, settings.control, facts.database
    )  # the site's own only reads
    with closing(control):
        names = remove_left(control, facts.database)
    return [
        f"removed the database {name}, which a killed restore beside {facts.database} left" for name in names
    ]
