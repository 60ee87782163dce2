"""`check`: the review of revisions without a database: which of them, what they do, and whether that may pass."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from alembic_safe.apply import Interrupts
from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import Job
from alembic_safe.bridge.review import Reviewed, review
from alembic_safe.model.events import EventSink, each_notice_once, ignore
from alembic_safe.model.findings import Finding, JudgedPlan
from alembic_safe.model.results import CheckResult, ReportedFinding
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.model.scratch import ScratchRun
from alembic_safe.model.targets import Dialect
from alembic_safe.quick import dataclass
from alembic_safe.rules import all_rules, gate, judge
from alembic_safe.settings import Settings
from alembic_safe.sql import Schema
from alembic_safe.workflow import asking
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.baseline import read_baseline, unknown, write_baseline
from alembic_safe.workflow.changed import repository_root
from alembic_safe.workflow.check_live import Side, dialect_of, live_sites, major_of, side_of
from alembic_safe.workflow.check_ran import Ran
from alembic_safe.workflow.context import Phases
from alembic_safe.workflow.gating import worst
from alembic_safe.workflow.judging import judged, replayed
from alembic_safe.workflow.kept_schema import keep_schema, kept_folder, read_schema
from alembic_safe.workflow.saying import Saying, masked, page_of
from alembic_safe.workflow.scratching import Scratch, captured, unread
from alembic_safe.workflow.selecting import Selection, nothing_there, selected

OLDEST, NEWEST = 15, 18
_SQLITE = (
    "the configuration's URL is SQLite's, so PostgreSQL's locks were not judged: "
    "`check --dialect postgresql` judges for production on PostgreSQL"
)


def check(settings: Settings, what: Sequence[str] = (), *, sink: EventSink = ignore) -> CheckResult:
    """Judge revisions as they stand in the checkout; `what` is a range, or files, as they are typed.

    Of `what`, `since` and `everything` (settings) one is needed. Nothing is connected to unless settings say
    `live`; then the targets are asked what they hold, and nothing is written. Exit 3 where a finding
    is at or above the gate. Raises `UsageError` for a selection that cannot be, `ProjectError` for a directory
    of revisions that cannot be loaded.
    """
    selection = selected(settings, what)
    known = _known(settings)
    sink = each_notice_once(sink)
    phases = Phases(sink)
    reviews: list[_Review] = []
    ran = Ran()
    if selection.paths != ():
        with (
            Interrupts() as interrupts,
            Workers(sink, start_timeout=settings.project.start_timeout) as workers,
            live_sites(settings, workers, sink, interrupts.check) as sites,
        ):
            version = major_of(sites, settings.review.server_version)
            dialect = dialect_of(sites, settings.review.dialect)
            settings = replace(
                settings, review=replace(settings.review, server_version=version, dialect=dialect)
            )
            with phases.phase("check", "reading the revisions"):
                for section in settings.project.sections:
                    job = _job(settings, section, selection)
                    reviews.append(_reviewed(workers, job, sink, interrupts.check))
            if settings.rehearse:
                ran, reviews = _rehearsed(settings, workers, reviews, phases, sink, interrupts.check)
            reviews = [_run_unread(settings, workers, one, phases, sink, interrupts.check) for one in reviews]
            reviews = [_beside(settings, one, sites) for one in reviews]
    result = ran.added(_result(settings, selection, reviews))
    return ran.said(_settled(settings, result, known, everything=settings.review.everything))


def _rehearsed(
    settings: Settings,
    workers: Workers,
    reviews: Sequence[_Review],
    phases: Phases,
    sink: EventSink,
    tick: Callable[[], None],
) -> tuple[Ran, list[_Review]]:
    """The rehearsals, and the reviews with what ran there of what could not be read."""
    from alembic_safe.workflow.check_rehearsed import rehearse_reviewed, seen_to_run

    each = [
        rehearse_reviewed(
            settings,
            workers,
            one.reviewed,
            _dialect(settings, one.reviewed),
            phases=phases,
            sink=sink,
            tick=tick,
        )
        for one in reviews
    ]
    reviews = [
        one
        if ran is None
        else replace(
            one,
            reviewed=replace(
                one.reviewed, targets=seen_to_run(one.reviewed, ran, _dialect(settings, one.reviewed))
            ),
        )
        for one, ran in zip(reviews, each, strict=True)
    ]
    return Ran(tuple(one for one in each if one is not None)), reviews


@dataclass(frozen=True, slots=True)
class _Review:
    """A review with the schema before what it lists, and the targets that were asked (`check --live`)."""

    reviewed: Reviewed
    before: Schema
    run: ScratchRun | None = None
    sides: tuple[Side, ...] = ()


def _beside(settings: Settings, one: _Review, sites: Sequence[Site]) -> _Review:
    chosen = frozenset(one.reviewed.chosen)
    listings = [listing for target in one.reviewed.targets for listing in target]
    wanted = [listing for listing in listings if listing.revision.id in chosen]
    mine = [site for site in sites if site.section == one.reviewed.section]
    return replace(one, sides=tuple(side_of(settings, site, wanted) for site in mine))


def _reviewed(workers: Workers, job: Job, sink: EventSink, tick: Callable[[], None]) -> _Review:
    reviewed = review(workers, job, sink=sink, tick=tick)
    if not reviewed.skipped:
        return _Review(reviewed, replayed(()))
    kept = read_schema(Path(reviewed.kept))
    if kept is not None:
        return _Review(reviewed, kept)
    # somebody else's file, or half of one: all is read, as without it
    with suppress(OSError):
        Path(reviewed.kept).unlink()
    return _reviewed(workers, replace(job, kept=""), sink, tick)


def _run_unread(
    settings: Settings,
    workers: Workers,
    one: _Review,
    phases: Phases,
    sink: EventSink,
    tick: Callable[[], None],
) -> _Review:
    """The review with what revisions that could not be read executed on a scratch database."""
    reviewed = one.reviewed
    chosen = frozenset(reviewed.chosen)
    if _dialect(settings, reviewed) == "sqlite":
        # batches of its history too: what they leave is asked for, and a file of ours costs little
        chosen = _upto(reviewed)
    if settings.scratch.mode == "off" or not unread(reviewed.targets, chosen):
        return one
    scratch = Scratch(_dialect(settings, reviewed), settings.review.server_version)
    with phases.phase("scratch", "running revisions that cannot be read otherwise on a scratch database"):
        found = captured(
            settings,
            workers,
            reviewed.section,
            reviewed.targets,
            scratch=scratch,
            sink=sink,
            tick=tick,
            wanted=chosen,
            with_values=True,
        )
    notices = (*reviewed.notices, *found.notices)
    return replace(one, reviewed=replace(reviewed, targets=found.targets, notices=notices), run=found.run)


def _upto(reviewed: Reviewed) -> frozenset[str]:
    """The revisions that were asked for and all those before the last of them."""
    chosen, found = frozenset(reviewed.chosen), set[str]()
    for target in reviewed.targets:
        ids = [one.revision.id for one in target]
        last = max((n for n, id_ in enumerate(ids) if id_ in chosen), default=-1)
        found |= set(ids[: last + 1])
    return frozenset(found)


def _job(settings: Settings, section: str, selection: Selection) -> Job:
    job = asking.job(settings, section, selection.destination, "upgrade")
    return replace(
        job,
        mode="review",
        application_name="alembic-safe/check",
        base=selection.base,
        paths=tuple(str(path) for path in selection.paths or ()),
        server_version=settings.review.server_version,
        dialect=settings.review.dialect,
        kept=str(kept_folder(os.environ) or ""),
    )


def _result(settings: Settings, selection: Selection, reviews: Sequence[_Review]) -> CheckResult:
    findings: list[ReportedFinding] = []
    revisions: list[RevisionListing] = []
    notices = list(_version_notice(settings.review.server_version))
    for one in reviews:
        found, listings = _judged(settings, selection, one)
        findings += found
        revisions += listings
        notices += one.reviewed.notices
        if settings.review.dialect == "auto" and one.reviewed.dialect == "sqlite":
            notices.append(_SQLITE)
    if not revisions:
        notices.append(nothing_there(settings, selection))
    rules = all_rules()
    root = repository_root(settings.directory) or Path.cwd()
    return CheckResult(
        exit=0,
        server_version=settings.review.server_version,
        revisions=tuple(dict.fromkeys(revisions)),
        findings=tuple(dict.fromkeys(findings)),
        fail_on=settings.gate.fail_on,
        rules=tuple(page_of(rules[name]) for name in sorted({f.rule for f in findings})),
        root=str(root),
        notices=tuple(dict.fromkeys(notices)),
        scratch=tuple(one.run for one in reviews if one.run is not None),
    )


def _judged(
    settings: Settings, selection: Selection, seen: _Review
) -> tuple[Sequence[ReportedFinding], Sequence[RevisionListing]]:
    """What is found in one section, of all its targets."""
    reviewed = seen.reviewed
    chosen = frozenset(reviewed.chosen)
    # files that make up the whole history (`pre-commit run --all-files`) are no one upgrade
    together = selection.together and not (
        selection.paths is not None and settings.review.since is None and _is_all(reviewed)
    )
    plans = [
        (plan, side.live if side else None)
        for side in seen.sides or (None,)
        for target, back in zip(reviewed.targets, reviewed.downgrades, strict=True)
        for plan in _plans(settings, seen, target, back, together, side)
    ]
    each = [
        judge(plan, live=live, allowances=settings.allowances, policy=settings.gate) for plan, live in plans
    ]
    findings = tuple(dict.fromkeys(_once(each)))
    shown = [one for target in reviewed.targets for one in target if one.revision.id in chosen]
    back = [one for target in reviewed.downgrades for one in target]
    said = Saying([*shown, *back]).report(findings, gate(findings, settings.gate))
    return worst(said) if len(seen.sides) > 1 else said, [masked(listing) for listing in shown]


def _dialect(settings: Settings, reviewed: Reviewed) -> Dialect:
    """Whose rules the revisions are judged by."""
    asked = settings.review.dialect
    if asked == "auto":
        return reviewed.dialect
    return "sqlite" if asked == "sqlite" else "postgresql"


def _is_all(reviewed: Reviewed) -> bool:
    return len(reviewed.chosen) == len(reviewed.graph.revisions)


def _plans(
    settings: Settings,
    seen: _Review,
    listings: Sequence[RevisionListing],
    downgrades: Sequence[RevisionListing],
    together: bool,
    side: Side | None = None,
) -> Iterator[JudgedPlan]:
    """Each run of chosen revisions that follow each other, against the schema that those before it leave.

    What is pending on a target is judged by what the target holds, not by the history.
    """
    reverse = {one.revision.id: one.statements for one in downgrades if one.not_inspectable is None}
    reviewed, schema = seen.reviewed, seen.before
    chosen, keep = frozenset(reviewed.chosen), bool(reviewed.kept) and not reviewed.skipped
    if side is not None:
        coming = [one for one in listings if one.revision.id in side.pending]
        there = replace(seen, before=side.schema, reviewed=replace(reviewed, kept=""), sides=())
        for plan in _plans(settings, there, coming, downgrades, together) if coming else ():
            yield replace(plan, mapped=side.mapped)
        chosen -= side.pending
    left = sum(one.revision.id in chosen for one in listings)
    for wanted, run in groupby(listings, key=lambda one: one.revision.id in chosen):
        some = tuple(run)
        if wanted:
            yield judged(
                some,
                version=settings.review.server_version,
                schema=schema,
                dialect=_dialect(settings, reviewed),
                together=together,
                heads=reviewed.graph.heads,
                reverse=reverse,
            )
            left -= len(some)
        if not left:
            return
        schema = replayed(some, schema, _dialect(settings, reviewed))
        if keep and not wanted:
            keep_schema(Path(reviewed.kept), schema)
        keep = False


def _once(each: Sequence[Sequence[Finding]]) -> Iterator[Finding]:
    """The findings of all plans. An allowance of the command line that matched in one plan did match."""
    in_plans = Counter(finding for found in each for finding in set(found))
    for found in each:
        for finding in found:
            unused = finding.rule == "allowance-unused" and finding.revision is None
            if not unused or in_plans[finding] == len(each):
                yield finding


def _known(settings: Settings) -> frozenset[str]:
    query = settings.review
    if query.baseline is None or query.write_baseline is not None:
        return frozenset()
    return read_baseline(query.baseline)


def _settled(
    settings: Settings, result: CheckResult, known: frozenset[str], *, everything: bool
) -> CheckResult:
    """The result with the baseline taken into account, and its exit status."""
    query = settings.review
    if query.write_baseline is not None:
        # what a person allowed says so itself, at its place
        count = write_baseline(query.write_baseline, (f for f in result.findings if f.allowed is None))
        wrote = f"{query.write_baseline} now holds {count} known finding{'s' if count != 1 else ''}"
        return replace(result, findings=(), known=count, notices=(*result.notices, wrote))
    new = unknown(result.findings, known)
    notices = result.notices
    stale = len(known - {found.fingerprint for found in result.findings})
    if everything and stale:
        notices = (
            *notices,
            f"{stale} of the baseline's findings are no longer there: it can be written again",
        )
    return replace(
        result,
        findings=new,
        known=len(result.findings) - len(new),
        notices=notices,
        exit=3 if any(found.stops for found in new) else 0,
    )


def _version_notice(version: int) -> Iterator[str]:
    if not OLDEST <= version <= NEWEST:
        nearest = min(max(version, OLDEST), NEWEST)
        yield f"PostgreSQL {version} is not known to this version of alembic-safe: judged as {nearest}"
