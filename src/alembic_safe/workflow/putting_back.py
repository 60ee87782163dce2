"""An SQLite file that a failed upgrade left half done, put back from the run's backup where nobody else wrote to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_safe.errors import AlembicSafeError, RevisionFailedError
from alembic_safe.model.restores import RestorePlan
from alembic_safe.model.results import AppliedTarget, ApplyResult, Failure
from alembic_safe.settings import Settings
from alembic_safe.workflow.asking import Site

if TYPE_CHECKING:
    from alembic_safe.workflow.applying import ApplyContext


def put_back(
    settings: Settings,
    context: ApplyContext,
    result: ApplyResult,
    sites: list[Site],
    let_go: Callable[[], None],
) -> ApplyResult:
    """The result once the backup is in the target's place; with a notice that says why not, where it is not.

    Between the revision's failure and the restore, which takes the lock itself, the file's change mark must stay.
    """
    from alembic_safe.workflow.restoring import restore_backup

    (alone,) = context.alone
    site = next(one for one in sites if one.target.label == alone.label)

    def unchanged(plan: RestorePlan) -> bool:
        same = site.database.change_mark() == alone.mark
        site.database.close()  # nobody may have the file open when it is replaced
        return same

    let_go()
    try:
        wanted = replace(settings, restore=replace(settings.restore, beside=None, yes=False))
        done = restore_backup(wanted, alone.backup, confirm=unchanged, sink=context.sink)
    except AlembicSafeError as fault:
        said = f"backup {alone.backup} was not put back by itself: {fault.message}"
        context.say(f"{said}. `alembic-safe recover` asks, and shows the ways out")
        return replace(result, notices=tuple(context.notices))
    context.say(
        f"backup {alone.backup} was put back by itself: nobody else had written to the file since it was made; what"
        f" the revision left is kept in {done.kept}"
    )
    assert result.error is not None
    message = result.error.message.partition("; part of it is committed")[0].partition("; what of it took")[0]
    error = RevisionFailedError(
        f"{message}; the file is as it was before the run, from backup {alone.backup}",
        hint="Mend the revision, then run the same command again.",
        detail=result.error.detail,
    )
    targets = tuple(_as_before(one) if one.target.label == alone.label else one for one in result.targets)
    return replace(
        result,
        exit=error.exit_status,
        targets=targets,
        error=Failure.of(error),
        notices=tuple(context.notices),
    )


def _as_before(target: AppliedTarget) -> AppliedTarget:
    """Nothing of what was applied is there any more."""
    again = (*(step.revision for step in target.steps), *target.pending)
    return replace(
        target, outcome="failed", heads_after=target.heads_before, pending=tuple(dict.fromkeys(again))
    )
