"""Finishing a half applied revision: alembic runs it, and what is in effect is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_safe.errors import AlembicSafeError, DirtyTargetError, RefusedError
from alembic_safe.journal import Journal, open_journal
from alembic_safe.model.recovery import HalfRevision, Resume, TargetRecovery
from alembic_safe.workflow import applying, asking
from alembic_safe.workflow.asking import Site

if TYPE_CHECKING:
    from alembic_safe.workflow.remedying import Remedying


def resume(remedying: Remedying, found: TargetRecovery, journal: Journal) -> str | None:
    """Clear what is in the way, then run the revision with what is in effect left out. The run's id.

    Raises `DirtyTargetError` when it did not come to its end, saying why.
    """
    half = found.evidence.half
    assert half is not None
    recovery, settings, site = remedying.recovery, remedying.settings, remedying.site
    sites = _probed_again(remedying, half)
    context = applying.ApplyContext(
        settings,
        half.direction,
        half.destination,
        recovery.workers,
        recovery.interrupts,
        recovery.phases,
        recovery.sink,
        {id(one.database): journal for one in sites if one.database is site.database},
        recovery.notices,
        resume=Resume(site.target.ordinal, half.revision, _done(half)),
        remarks=remedying.remarks(found),
    )
    try:
        remedying.execute()
    except AlembicSafeError as failed:
        raise DirtyTargetError(
            f"revision {half.revision} could not be finished: {failed.message}",
            hint="`alembic-safe recover` shows what stands now.",
        ) from failed
    for one in sites:
        _open_journal(context, one)
    runs = applying.new_runs(sites)
    backups = {id(site.database): remedying.backup} if remedying.backup is not None else {}
    result = applying.apply(context, sites, runs, backups)
    remedying.site.database = site.database
    mine = next(one for one in result.targets if one.target.version_table == remedying.target)
    if result.error is not None:
        raise DirtyTargetError(
            f"revision {half.revision} could not be finished: {result.error.message}",
            hint="`alembic-safe recover` shows what stands now.",
            detail=result.error.detail,
        )
    return mine.run


def _done(half: HalfRevision) -> tuple[str, ...]:
    """The digests of what is left out, in order."""
    return tuple(one.digest for one in half.standing if one.nature == "definition")


def _probed_again(remedying: Remedying, half: HalfRevision) -> list[Site]:
    """The targets of the section, with the one revision pending on ours and nothing on the others."""
    recovery, site = remedying.recovery, remedying.site
    probed = asking.ask(
        recovery.settings,
        recovery.workers,
        half.destination,
        half.direction,
        listing=False,
        sink=recovery.sink,
        tick=recovery.interrupts.check,
    )
    here = [one for one in recovery.sites if one.section == site.section]
    targets = [one for section in probed if section.section == site.section for one in section.targets]
    if [one.found.target.label for one in targets] != [one.target.label for one in here]:
        raise RefusedError(
            "env.py configured other targets the second time it was asked",
            hint="Does env.py depend on time, chance, or on what another process writes?",
        )
    for one, again in zip(here, targets, strict=True):
        one.probed = again
        if one is not site and again.found.pending:
            kept = replace(
                again.found, pending=(), expected_heads=tuple(sorted(again.found.target.heads or ()))
            )
            one.left, one.probed = again.found.pending, replace(again, found=kept)
    if site.pending != (half.revision,):
        raise RefusedError(
            f"revision {half.revision} is not what alembic would run next: {', '.join(site.pending) or 'nothing'}",
            hint="Was the version table changed? See `alembic-safe status`.",
        )
    return here


def _open_journal(context: applying.ApplyContext, site: Site) -> None:
    """The journal of another target's database."""
    if id(site.database) not in context.journals:
        context.journals[id(site.database)] = open_journal(
            site.database, context.settings.journal, create=True
        )
