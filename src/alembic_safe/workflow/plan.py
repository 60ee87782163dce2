"""`plan`: what an upgrade would run here, statement by statement, touching nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from alembic_safe.apply import Interrupts
from alembic_safe.apply.unfinished import dirty_sentence
from alembic_safe.bridge import Workers
from alembic_safe.errors import RefusedError, UsageError
from alembic_safe.journal import open_journal
from alembic_safe.model.events import EventSink, ignore
from alembic_safe.model.results import Failure, PlannedTarget, PlanResult
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking, gating
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.changed import repository_root
from alembic_safe.workflow.context import Phases
from alembic_safe.workflow.estimating import estimated
from alembic_safe.workflow.planned_backup import with_backups
from alembic_safe.workflow.saying import masked
from alembic_safe.workflow.scratching_sites import read_sites


def plan(settings: Settings, destination: str = "heads", *, sink: EventSink = ignore) -> PlanResult:
    """List every target's pending revisions with their statements and lines.

    All sessions are read-only from their connect on; the version rows are read before and after, and a target
    that moved in between (an env.py that writes all the same, or another deployer) is an error.
    """
    phases = Phases(sink)
    with (
        Interrupts() as interrupts,
        Workers(sink, start_timeout=settings.project.start_timeout) as workers,
    ):
        with phases.phase("probe", "reading the project and its pending revisions"):
            probed = asking.ask(
                settings, workers, destination, "upgrade", listing=True, sink=sink, tick=interrupts.check
            )
        asking.refuse_unusable(probed)
        sites = asking.open_sites(probed, settings.control, read_only=True)
        try:
            gating.name_checkouts(settings, sites)
            notices = [notice.message for section in probed for notice in section.notices]
            runs = read_sites(
                settings,
                workers,
                sites,
                direction="upgrade",
                destination=destination,
                phases=phases,
                sink=sink,
                tick=interrupts.check,
                say=notices.append,
            )
            planned = with_backups(
                settings.backup, sites, tuple(_planned(settings, site, notices) for site in sites)
            )
            return replace(_result(settings, destination, sites, planned, notices), scratch=runs)
        finally:
            asking.close_sites(sites)


def dry_run(settings: Settings, destination: str | None = None, *, sink: EventSink = ignore) -> PlanResult:
    """The plan with the gate's verdict as its exit status: 3 where an upgrade would be refused."""
    if settings.plan_file is not None:
        raise UsageError("--dry-run and --plan exclude each other", hint="Give one of them.")
    planned = plan(settings, destination or "heads", sink=sink)
    if not planned.refused:
        return planned
    error = gating.refusal(planned.findings, "upgrade")
    return replace(planned, exit=error.exit_status, error=Failure.of(error))


def _result(
    settings: Settings,
    destination: str,
    sites: Sequence[Site],
    planned: tuple[PlannedTarget, ...],
    notices: list[str],
) -> PlanResult:
    if any(site.pending and site.probed.found.empty for site in sites):
        notices.append("the database holds nothing that could be hurt, so that nothing is gated")
    return PlanResult(
        0,
        planned,
        tuple(dict.fromkeys(notices)),
        destination=destination,
        findings=gating.findings_of(sites),
        refused=gating.stops(sites),
        fail_on=settings.gate.fail_on,
        allowances=tuple((one.rule, one.reason) for one in settings.allowances),
        root=str(repository_root(settings.directory) or Path.cwd()),
    )


def _planned(settings: Settings, site: Site, notices: list[str]) -> PlannedTarget:
    now = site.moved_to()
    if now is not None:
        raise RefusedError(
            f"{site.target.label} moved from {_rows(site.target.heads)} to {_rows(now)} while it was looked at",
            hint="Does another deployer run, or does env.py itself migrate? Run `alembic-safe plan` again.",
        )
    journal = open_journal(site.database, settings.journal, create=False)
    expected: dict[str, float] = {}
    if journal is not None:
        expected = journal.expected_durations(site.pending, "upgrade")
        last = journal.last_run(str(site.target.version_table))
        if last is not None and (last.run.outcome == "dirty" or last.run.recovers):
            notices.append(f"{dirty_sentence(last)}: an upgrade is refused until that is repaired")
    gating.judge_sites(settings, [site], {id(site.database): journal} if journal is not None else {})
    if journal is not None:
        journal.close()
    judged = estimated(site.judgement) if site.judgement is not None else ()
    shown = tuple(masked(listing) for listing in site.listings)
    return PlannedTarget(site.summary(), site.probed.found.expected_heads, shown, expected, judged)


def _rows(heads: tuple[str, ...] | None) -> str:
    return ", ".join(heads or ()) or "base"
