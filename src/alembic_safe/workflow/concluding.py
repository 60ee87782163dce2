"""What a run came to: its journal closed, its result with exit status, message and hint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from alembic_safe.apply import TargetTask
from alembic_safe.errors import (
    AlembicSafeError,
    DirtyTargetError,
    GaveUpError,
    ProjectError,
    RefusedError,
    RevisionFailedError,
    UnreachableError,
)
from alembic_safe.journal import SparedJournal
from alembic_safe.model.backups import Manifest
from alembic_safe.model.results import AppliedTarget, ApplyResult, Failure
from alembic_safe.model.runs import RunOutcome
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.gating import findings_of
from alembic_safe.workflow.recipes import recipe
from alembic_safe.workflow.way_back import way_back, way_back_kind

if TYPE_CHECKING:
    from alembic_safe.workflow.applying import Alone, ApplyContext


def conclude(
    context: ApplyContext,
    sites: list[Site],
    tasks: dict[tuple[int, str], TargetTask],
    backups: dict[int, Manifest],
    stopped: AlembicSafeError | None,
) -> ApplyResult:
    """Close every run's journal entry and make the result. Exit 0 only when every target is where it should."""
    error = _error(context, sites, list(tasks.values()), stopped)
    context.alone += _alone(context, sites, tasks, backups)
    targets = []
    for site in sites:
        task = tasks[site.target.ordinal, site.section]
        outcome = _outcome(context, task)
        manifest = backups.get(id(site.database)) or next(
            (m for m in backups.values() if m.address == site.database.facts.address), None
        )
        journal = SparedJournal(task.journal)
        journal.end_run(
            task.run,
            outcome=outcome,
            heads_after=task.heads,
            error=task.error or _reason(error, outcome),
            ended=datetime.now(timezone.utc),
        )
        if fault := task.journal_fault or journal.fault:
            context.say(f"the end of run {task.run} could not be journalled: {fault}")
            error = error or _not_journalled(fault)
        if error is None:
            task.journal.set_ended_well(task.run)
        targets.append(_applied(context, site, task, outcome, manifest))
    return ApplyResult(
        exit=error.exit_status if error else 0,
        command=context.direction,
        targets=tuple(targets),
        backups=tuple(backups.values()),
        durations=context.phases.durations,
        notices=tuple(context.notices),
        error=Failure.of(error) if error else None,
        findings=findings_of(sites),
        losses=tuple(context.losses),
        rehearsed=context.rehearsed,
    )


def _alone(
    context: ApplyContext,
    sites: list[Site],
    tasks: dict[tuple[int, str], TargetTask],
    backups: dict[int, Manifest],
) -> Iterator[Alone]:
    """The targets that are half done, with a backup, while nobody else wrote."""
    from alembic_safe.workflow.applying import Alone

    for site in sites:
        task, made = tasks[site.target.ordinal, site.section], backups.get(id(site.database))
        if task.outcome not in {"partial", "unknown"} or made is None or made.scope != "full":
            continue
        before = context.counters.get(id(site.database))
        if task.target.dialect != "sqlite":
            continue
        if task.mark is not None and before is not None and before == task.counter:
            yield Alone(task.target.label, made.id, task.mark)
        else:
            context.say(
                f"backup {made.id} is not put back by itself: that nobody else wrote to the file since it was made"
                f" could not be seen ({_why_unseen(site, task)}); `alembic-safe recover --apply restore` asks first"
            )


def _why_unseen(site: Site, task: TargetTask) -> str:
    with suppress(AlembicSafeError):
        if site.database.change_mark() is None:
            return "it is in WAL mode, where the file does not show it"
    if task.mark is None:
        return "another connection committed, or the revision's was closed before it could be asked"
    return "another connection committed"


def _not_journalled(fault: str) -> UnreachableError:
    return UnreachableError(
        f"every revision is applied and read back, but the run could not be closed in its journal: {fault}",
        hint="See to that, and run the same command again: it closes the run.",
    )


def _reason(error: AlembicSafeError | None, outcome: RunOutcome) -> str | None:
    return None if error is None or outcome in {"done", "nothing"} else error.message


def _applied(
    context: ApplyContext, site: Site, task: TargetTask, outcome: RunOutcome, manifest: Manifest | None
) -> AppliedTarget:
    done = {step.revision for step in task.applied if step.outcome == "committed"}
    policy = context.settings.backup
    return AppliedTarget(
        target=site.summary(),
        run=task.run,
        outcome=outcome,
        heads_before=site.target.heads,
        heads_after=task.heads,
        backup=manifest.id if manifest else None,
        steps=tuple(task.applied),
        pending=tuple(revision for revision in task.pending if revision not in done),
        way_back=way_back(manifest, policy.skip_reason, tried=context.way_back_tried) if task.pending else "",
        left=site.left,
        way_back_kind=way_back_kind(manifest, tried=context.way_back_tried) if task.pending else None,
    )


def _outcome(context: ApplyContext, task: TargetTask) -> RunOutcome:
    if not task.pending and task.finished:
        return "nothing"
    if task.finished:
        return "done"
    if task.outcome in {"partial", "unknown"}:
        return "dirty"
    return "interrupted" if context.interrupts.count else "failed"


def _error(
    context: ApplyContext,
    sites: list[Site],
    tasks: list[TargetTask],
    stopped: AlembicSafeError | None,
) -> AlembicSafeError | None:
    """What the command ends with: the worst first."""
    broken = next((task for task in tasks if task.outcome is not None and task.outcome != "committed"), None)
    if broken is not None:
        return _broken(context, sites, broken)
    unfinished = next((task for task in tasks if not task.finished), None)
    if unfinished is None:
        return _after_the_end(stopped)
    if context.interrupts.count:
        return RevisionFailedError(
            f"interrupted by {context.interrupts.name} between two revisions; {_where(unfinished)}",
            hint="Run the same command again to go on.",
        )
    if stopped is not None and not unfinished.applied:
        return stopped
    if isinstance(stopped, GaveUpError):
        return GaveUpError(
            f"{stopped.message}; {_where(unfinished)}", hint=stopped.hint, detail=stopped.detail
        )
    why = stopped.message if stopped else "env.py ended without having run it to its end"
    return RevisionFailedError(
        f"{why}; {_where(unfinished)}",
        hint=stopped.hint if stopped else "Does env.py call run_migrations() for every target, every time?",
        detail=stopped.detail if stopped else None,
    )


def _after_the_end(stopped: AlembicSafeError | None) -> AlembicSafeError | None:
    if stopped is None:
        return None
    said = "every revision is applied and read back, but then"
    if isinstance(stopped, UnreachableError):
        return UnreachableError(f"{said} {stopped.message}", hint=stopped.hint, detail=stopped.detail)
    if isinstance(stopped, RefusedError):
        return UnreachableError(f"{said} {stopped.message}", hint=stopped.hint, detail=stopped.detail)
    return ProjectError(
        f"{said} env.py failed: {stopped.message}",
        hint=stopped.hint,
        detail=stopped.detail,
    )


def _broken(context: ApplyContext, sites: list[Site], task: TargetTask) -> AlembicSafeError:
    revision = task.applied[-1].revision
    verb = "was" if context.interrupts.count else "failed:"
    said = f"revision {revision} {verb} {task.error}"
    if task.outcome == "rolled_back" and task.gave_up is not None:
        return _gave_up(sites, task, revision)
    if task.outcome == "rolled_back":
        again = "Run the same command again." if context.interrupts.count else task.way_on or None
        return RevisionFailedError(
            f"{said}; it was rolled back, and {_where(task)}", hint=again, detail=task.detail or None
        )
    what = "part of it is committed" if task.outcome == "partial" else "what of it took effect cannot be told"
    return DirtyTargetError(
        f"{said}; {what}, and {_where(task)}", hint=task.way_on or None, detail=task.detail or None
    )


def _gave_up(sites: list[Site], task: TargetTask, revision: str) -> GaveUpError:
    """Clean, and the same command later may pass; one that was cut for its stall needs to be written otherwise."""
    message = f"gave up on revision {revision}: {task.gave_up}; it was rolled back, and {_where(task)}"
    if task.tries is None or not task.tries.stalls:
        return GaveUpError(
            message,
            hint="Nothing is left behind: see to what is in the way, or run the same command again later.",
            detail=task.detail or None,
        )
    hint, code = recipe(sites, revision)
    return GaveUpError(message, hint=hint, detail=code)


def _where(task: TargetTask) -> str:
    """ "app is at a1, b2" - the rows that were read at the end."""
    return f"{task.target.label} is at {', '.join(task.heads) or 'base'}"
