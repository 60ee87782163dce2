"""`plan` for people: per target the pending revisions, each statement with the line that issues it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from alembic_safe.model.backups import PlannedBackup
from alembic_safe.model.results import PlannedRevision, PlannedTarget, PlanResult
from alembic_safe.model.revisions import RevisionListing, Statement
from alembic_safe.report.console.check import scratch_line
from alembic_safe.report.console.findings import findings
from alembic_safe.report.console.page import (
    BAD,
    DOUBTFUL,
    GOOD,
    QUIET,
    STRONG,
    View,
    columns,
    indented,
    line,
    sql_text,
)
from alembic_safe.report.console.targets import place, target_line
from alembic_safe.report.wording import at, clean, count, duration, near

_TABLES = 5


def plan(result: PlanResult, view: View) -> Iterator[RenderableType]:
    """Revision by revision: its statements, each with its line."""
    for index, planned in enumerate(result.targets):
        if index:
            yield ""
        yield from _target(planned, view)
    for run in result.scratch:
        yield line((scratch_line(run), QUIET))
    if result.findings:
        yield ""
        yield from findings(result.findings, view)
    if any(planned.judged for planned in result.targets):
        yield ""
        word = ("would be refused", BAD) if result.refused else ("would pass the gate", GOOD)
        yield line("an upgrade ", word, (f" (--fail-on {result.fail_on})", QUIET))


def _target(planned: PlannedTarget, view: View) -> Iterator[RenderableType]:
    yield target_line(planned.target)
    now = at(planned.target.heads)
    if not planned.revisions:
        yield indented(line(f"{now}, nothing to do"))
        return
    total = count(len(planned.revisions), "revision")
    yield indented(line(f"{now}; {total} to apply, then {at(planned.expected_heads)}"))
    known = [planned.expected[r.revision.id] for r in planned.revisions if r.revision.id in planned.expected]
    if known:
        of = "" if len(known) == len(planned.revisions) else f" for {len(known)} of them"
        yield indented(line(f"last time it took {duration(sum(known))}{of}"))
    yield from _backup(planned.backup, view)
    for ordinal, listing in enumerate(planned.revisions, 1):
        yield ""
        yield _heading(listing, f"{ordinal}/{len(planned.revisions)}", planned)
        yield indented(line((near(listing.revision.path, view.base), QUIET)), 5)
        yield from _body(listing, view)
        judged = next((one for one in planned.judged if one.revision == listing.revision.id), None)
        if judged is not None:
            yield from _judged(judged)


def _backup(backup: PlannedBackup | None, view: View) -> Iterator[RenderableType]:
    if backup is None:
        return
    by = " by backup-command" if backup.engine == "external" else ""
    why = "" if by else f": {clean(backup.why)}"
    yield indented(line(("backup ", QUIET), f"{backup.scope}{by}{why}"))
    yield indented(line(("way back ", QUIET), backup.way_back))
    if backup.tables:
        shown = backup.tables if view.verbose else backup.tables[:_TABLES]
        more = f" and {len(backup.tables) - len(shown)} more" if len(shown) < len(backup.tables) else ""
        yield indented(line(("rows of ", QUIET), f"{', '.join(map(clean, shown))}{more}"))
    for warning in backup.warnings:
        yield indented(line((clean(warning), DOUBTFUL)))


def _judged(judged: PlannedRevision) -> Iterator[RenderableType]:
    took = f", reads and writes for {duration(judged.seconds)}" if judged.seconds else ""
    yield indented(line(("phase ", QUIET), clean(judged.phase), (took, QUIET)), 5)
    for lock in judged.locks:
        held = (
            ""
            if lock.seconds is None
            else f" for {duration(lock.seconds)}"
            if lock.seconds
            else ", an instant"
        )
        waits = f"; waits: {', '.join(map(clean, lock.blocks))}" if lock.blocks else ""
        said = f"{clean(lock.mode)} on {clean(lock.table)}{held} (statement {lock.statement}){waits}"
        yield indented(line(("lock ", QUIET), said), 5)


def _heading(listing: RevisionListing, place: str, planned: PlannedTarget) -> Text:
    revision = listing.revision
    back = " (downgrade)" if listing.direction == "downgrade" else ""
    expected = planned.expected.get(revision.id)
    timing = f"  (last time {duration(expected)})" if expected is not None else ""
    return line(
        f"{place}  ", (clean(revision.id), STRONG), f"{back}  {clean(revision.message)}", (timing, QUIET)
    )


def _body(listing: RevisionListing, view: View) -> Iterator[RenderableType]:
    rows = [_row(statement, listing, view) for statement in listing.statements]
    if rows:
        yield indented(columns(rows, right=[0]), 5)
    if listing.not_inspectable is not None:
        where = place(listing.not_inspectable_at, listing.revision.path)
        rest = " from here on" if rows else ""
        said = clean(listing.not_inspectable)
        yield indented(line((f"not inspectable{rest}", BAD), f"{f' ({where})' if where else ''}: {said}"), 5)
    elif not rows:
        yield indented(line(("no statements", QUIET)), 5)


def _row(statement: Statement, listing: RevisionListing, view: View) -> tuple[str, Text]:
    text = sql_text(statement.sql, view.verbose)
    notes = []
    if statement.autocommit:
        notes.append("commits on its own")
    if statement.own_connection:
        notes.append("on a connection of its own")
    if notes:
        text.append(f"\n({', '.join(notes)})", style=DOUBTFUL)
    return place(statement.source, listing.revision.path), text
