"""From a locked, backed-up target to a result: runs journalled, sections applied, everything read back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timezone

from alembic_safe.apply import Interrupts, TargetTask, apply_section, preflight
from alembic_safe.apply.replicas import Replicas
from alembic_safe.apply.unfinished import application_name
from alembic_safe.bridge import Workers
from alembic_safe.databases import open_database
from alembic_safe.errors import AlembicSafeError, UnreachableError
from alembic_safe.journal import Journal, open_journal
from alembic_safe.model.backups import Manifest
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.losses import Loss
from alembic_safe.model.protocols import Database
from alembic_safe.model.recovery import Resume
from alembic_safe.model.rehearsals import RehearsedTarget
from alembic_safe.model.results import AppliedTarget, ApplyResult
from alembic_safe.model.revisions import Direction
from alembic_safe.model.runs import RunRecord
from alembic_safe.quick import dataclass
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking, concluding, gating
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import Phases, new_run_id
from alembic_safe.workflow.run_record import begun

RunIds = dict[tuple[int, str], str]


@dataclass(frozen=True, slots=True)
class Alone:
    """An SQLite file that is left half done, and that nobody else wrote to since before its backup `backup`.

    `mark` is its change mark when the revision had failed.
    """

    label: str
    backup: str
    mark: str


@dataclass(slots=True)
class ApplyContext:
    """What applying needs to know and to speak to."""

    settings: Settings
    direction: Direction
    destination: str
    workers: Workers
    interrupts: Interrupts
    phases: Phases
    sink: EventSink
    journals: dict[int, Journal]
    notices: list[str]
    losses: list[Loss] = field(default_factory=list)
    rehearsed: tuple[RehearsedTarget, ...] = ()
    way_back_tried: bool = False
    # a revision that is finished, not begun; and what the journal says besides of the run that finishes it
    resume: Resume | None = None
    remarks: tuple[tuple[str, str], ...] = ()
    # the change counter of each database before its backup was begun; and targets that may be put back by themselves
    counters: dict[int, int | None] = field(default_factory=dict)
    alone: list[Alone] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        self.notices.append(sentence)
        self.sink(Notice(sentence))

    def tick(self, database: Database) -> Callable[[], None]:
        """For phases in which nothing is applied: signals stop them, and our connection is kept alive."""

        def tick() -> None:
            self.interrupts.check()
            database.ping()

        return tick

    def allowances(self, site: Site) -> tuple[tuple[str, str], ...]:
        """What the journal says of the run on `site`: what was allowed, and what it is about."""
        given = (
            ("no-backup", self.settings.backup.skip_reason),
            ("loss", self.settings.allow_loss),
            ("maintenance", self.settings.apply.guard.maintenance),
            ("preflight", preflight.lowered(self.settings.preflight) or None),
        )
        mine = self.resume is not None and self.resume.target == site.target.ordinal
        return (
            *(self.remarks if mine else ()),
            *((what, reason) for what, reason in given if reason is not None),
        )


def new_runs(sites: list[Site]) -> RunIds:
    """A run's id for each target: one attempt's ids share all but the number after the dot."""
    attempt = new_run_id(datetime.now(timezone.utc))
    keys = [(site.target.ordinal, site.section) for site in sites]
    return {key: f"{attempt}.{n}" if len(keys) > 1 else attempt for n, key in enumerate(keys, start=1)}


def nothing_to_do(context: ApplyContext, sites: list[Site]) -> ApplyResult:
    """The result where no target has anything pending; a run is journalled for each all the same."""
    targets = []
    now = datetime.now(timezone.utc)
    for key, run in new_runs(sites).items():
        site = next(s for s in sites if (s.target.ordinal, s.section) == key)
        journal = context.journals[id(site.database)]
        journal.begin_run(_record(context, site, run, None))
        journal.set_checkout(run, site.checkout, site.probed.mapped)
        journal.set_ended_well(run)
        journal.end_run(run, outcome="nothing", heads_after=site.target.heads or (), error=None, ended=now)
        targets.append(
            AppliedTarget(
                site.summary(), run, "nothing", site.target.heads, site.target.heads, None, (), left=site.left
            )
        )
    return ApplyResult(
        0, context.direction, tuple(targets), (), context.phases.durations, tuple(context.notices)
    )


def apply(
    context: ApplyContext, sites: list[Site], runs: RunIds, backups: dict[int, Manifest]
) -> ApplyResult:
    """Run every section with something pending, in order; stop at the first that does not come to its end."""
    tasks: dict[tuple[int, str], TargetTask] = {}
    for site in sites:
        key = (site.target.ordinal, site.section)
        tasks[key] = _begin(context, site, runs[key], backups.get(id(site.database)))
    stopped: AlembicSafeError | None = None
    with context.phases.phase("apply", f"running {_revisions(sum(len(s.pending) for s in sites))}") as result:
        for section in dict.fromkeys(site.section for site in sites):
            here = [tasks[key] for key in tasks if key[1] == section]
            if not any(task.pending for task in here):
                continue
            stopped = _apply_section(context, sites, section, here)
            if stopped is not None or not all(task.finished for task in here):
                break
        done = sum(step.outcome == "committed" for task in tasks.values() for step in task.applied)
        result.append(f"{_revisions(done)} {'applied' if context.direction == 'upgrade' else 'reverted'}")
    return concluding.conclude(context, sites, tasks, backups, stopped)


def _revisions(count: int) -> str:
    return f"{count} revision{'' if count == 1 else 's'}"


def _apply_section(
    context: ApplyContext, sites: list[Site], section: str, tasks: list[TargetTask]
) -> AlembicSafeError | None:
    first = next(task for task in tasks if task.pending)
    work = asking.job(
        context.settings,
        section,
        context.destination,
        context.direction,
        apply_as=application_name(first.run),
        secrets=asking.secrets_of(sites),
        resume=context.resume,
        stop_before=tuple(s.left[0] if s.left else "" for s in sites if s.section == section),
    )

    def reopen(task: TargetTask) -> None:
        _reopen(context, sites, task)

    return apply_section(
        context.workers,
        work,
        tasks,
        policy=context.settings.apply,
        control=context.settings.control,
        interrupts=context.interrupts,
        reopen=reopen,
        sink=context.sink,
        replicas=_replicas(context),
    )


def _replicas(context: ApplyContext) -> Replicas | None:
    policy = context.settings.preflight
    if policy.replica_lag is None:
        return None
    return Replicas(policy.replica_lag, policy.replica_wait, context.sink)


def _begin(context: ApplyContext, site: Site, run: str, backup: Manifest | None) -> TargetTask:
    journal = context.journals[id(site.database)]
    journal.begin_run(_record(context, site, run, backup))
    journal.set_checkout(run, site.checkout, site.probed.mapped)
    for revision, seconds in _forecasts(context, site).items():
        journal.set_forecast(run, revision, seconds)
    return TargetTask(
        target=site.target,
        run=run,
        pending=site.pending,
        expected_heads=site.probed.found.expected_heads,
        direction=context.direction,
        database=site.database,
        journal=journal,
        durations=journal.expected_durations(site.pending, context.direction),
    )


def _forecasts(context: ApplyContext, site: Site) -> dict[str, float]:
    """What the rehearsal lets expect of the target's pending revisions, in seconds."""
    return {
        one.revision: one.forecast
        for target in context.rehearsed
        if target.label == site.target.label
        for one in target.revisions
        if one.forecast is not None and one.revision in site.pending
    }


def _reopen(context: ApplyContext, sites: list[Site], task: TargetTask) -> None:
    """A new control connection for a task whose own is lost. Raises `UnreachableError` when there is none."""
    try:
        database = open_database(task.target.parameters, policy=context.settings.control)
    except UnreachableError as error:
        raise UnreachableError(
            f"the connection to the database was lost while revisions ran: {error.message}",
            hint="Nothing is known of the revision that was running until `alembic-safe status` reaches the"
            " database again; the next `alembic-safe upgrade` settles it.",
        ) from error
    old = task.database
    task.journal = context.journals[id(database)] = open_journal(
        database, context.settings.journal, create=True
    )
    task.database = database
    for site in sites:
        if site.database is old:
            site.database = database


def _record(context: ApplyContext, site: Site, run: str, backup: Manifest | None) -> RunRecord:
    return begun(
        site,
        run,
        context.direction,
        datetime.now(timezone.utc),
        backup=backup.id if backup else None,
        allowances=(*context.allowances(site), *gating.allowances(site, context.settings)),
    )
