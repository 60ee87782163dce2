"""`rehearse` for people: a time line a revision, locks as bars under it, what they stop, and what to expect."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from rich.console import RenderableType
from rich.text import Text

from alembic_safe.model.rehearsals import (
    OldApplication,
    RehearsedLock,
    RehearsedRevision,
    RehearsedStatement,
    RehearsedTable,
    RehearsedTarget,
    RehearseResult,
    RoundTrip,
    TableSize,
)
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
from alembic_safe.report.console.targets import place
from alembic_safe.report.wording import at, clean, count, duration, near, size

_BAR = 24
_MANY_PAGES = 128  # 1 MB
_MARKS = re.compile(r"\s*(?:savepoint|release|rollback|commit|begin)\b", re.IGNORECASE)
_MANY = 12  # statements that are shown of a revision without -v
_ALIKE = 0.1  # a clone whose table is larger or smaller by less is as good as the target's


def rehearsed(result: RehearseResult, view: View) -> Iterator[RenderableType]:
    """Target by target, revision by revision; then what rules say, budgets, the way back, and the verdict."""
    if not result.targets:
        return
    yield line(
        "rehearsed on a clone of ", (clean(result.source), STRONG), (f"  {clean(result.server)}", QUIET)
    )
    for one in result.targets:
        yield from target(one, view)
    if result.findings:
        yield ""
        yield from findings(result.findings, view)
    for trip in result.round_trips:
        yield from _trip(trip)
    yield from _checks(result.checks)
    yield ""
    for sentence in result.over:
        yield line(("over budget ", BAD), clean(sentence))
    for name in result.kept:
        yield line(("kept ", QUIET), clean(name))
    yield _verdict(result)


def _verdict(result: RehearseResult) -> Text:
    revisions = [one for target in result.targets for one in target.revisions]
    here = sum(one.seconds for one in revisions)
    each = [one.forecast for one in revisions]
    there = (
        ""
        if None in each or not each
        else f", {duration(sum(one for one in each if one is not None))} expected on the target"
    )
    if any(one.fault is not None for one in revisions):
        return line(
            f"{count(len(revisions), 'revision')} in {duration(here)}; an upgrade ", ("would fail", BAD)
        )
    word = ("would be refused", BAD) if result.refused else ("would pass the gate", GOOD)
    return line(
        f"{count(len(revisions), 'revision')} in {duration(here)}{there}; an upgrade ",
        word,
        (f" (--fail-on {result.fail_on})", QUIET),
        (" and is over budget", BAD) if result.over else "",
    )


def target(one: RehearsedTarget, view: View) -> Iterator[RenderableType]:
    """One target's revisions as they ran; `check --rehearse` shows them in the same way."""
    yield ""
    yield line((clean(one.label), STRONG), f"  {at(one.heads_before)}, then {at(one.heads_after)}")
    for table in one.tables:
        if _of_another_size(table):
            yield indented(_sizes_of(table))
    if not one.revisions:
        yield indented(line("nothing to do"))
    for ordinal, revision in enumerate(one.revisions, 1):
        yield ""
        yield from _revision(revision, f"{ordinal}/{len(one.revisions)}", view)


def _of_another_size(table: RehearsedTable) -> bool:
    here, there = table.clone.bytes, table.target.bytes if table.target is not None else None
    return here is not None and there is not None and abs(there - here) > _ALIKE * max(here, there)


def _sizes_of(table: RehearsedTable) -> Text:
    """How large a table is on the target, beside the clone's: what the times that are expected go by."""
    assert table.target is not None
    return line(
        (f"{clean(table.name)}: ", QUIET),
        _extent(table.target),
        (f"; on the clone {_extent(table.clone)}", QUIET),
    )


def _extent(of: TableSize) -> str:
    if of.bytes is None:
        return "not measured"
    # the planner's count: exact where it is 0
    about = "" if not of.rows else "about "
    rows = "" if of.rows is None else f"{about}{count(of.rows, 'row')}, "
    return f"{rows}{size(of.bytes)}"


def _revision(one: RehearsedRevision, where: str, view: View) -> Iterator[RenderableType]:
    times = [duration(one.seconds)]
    if one.forecast is not None:
        times.append(f"{duration(one.forecast)} expected")
    if one.last_time is not None:
        times.append(f"last time {duration(one.last_time)}")
    yield line(
        f"{where}  ",
        (clean(one.revision), STRONG),
        f"  {clean(one.message)}",
        (f"  {', '.join(times)}", QUIET),
    )
    yield indented(line((near(one.file, view.base), QUIET)), 5)
    folded = [(each, 1) for each in one.statements] if view.verbose else list(_folded(one.statements))
    shown = folded if view.verbose else _interesting(folded)
    rows = [_row(statement, times, one, view) for statement, times in shown]
    if rows:
        yield indented(columns(rows, right=[0]), 5)
    left = sum(times for _, times in folded) - sum(times for _, times in shown)
    if left:
        yield indented(line((f"{count(left, 'further statement')} (-v shows them)", QUIET)), 5)
    for lock in one.locks:
        if lock.blocks or view.verbose:
            yield indented(_lock(lock, one), 5)
    for differs in one.differences:
        said = (
            f"statement {differs.statement}: {differs.what} on {clean(differs.table)}: {differs.expected} expected,"
            f" {differs.seen} seen"
        )
        yield indented(line(("differs ", DOUBTFUL), said), 5)
    if one.fault is not None:
        where = place(one.fault_at, one.file)
        yield indented(line(("fails", BAD), f"{f' ({where})' if where else ''}: {clean(one.fault)}"), 5)


def _folded(statements: tuple[RehearsedStatement, ...]) -> Iterator[tuple[RehearsedStatement, int]]:
    """The rounds of a loop as one statement, with what all of them did, and how many they were."""
    for _, group in groupby(statements, key=lambda one: (one.sql, one.source, one.autocommit, one.error)):
        rounds = list(group)
        first = rounds[0]
        if len(rounds) == 1:
            yield first, 1
            continue
        changed = Counter[str]()
        for one in rounds:
            changed.update(one.changed)
        yield (
            replace(
                first,
                seconds=sum(one.seconds or 0.0 for one in rounds),
                scanned=tuple(dict.fromkeys(name for one in rounds for name in one.scanned)),
                rewritten=tuple(dict.fromkeys(name for one in rounds for name in one.rewritten)),
                changed=dict(changed),
                wal=sum(one.wal for one in rounds),
                pages=sum(one.pages for one in rounds),
                pages_read=sum(one.pages_read for one in rounds),
                said=tuple(dict.fromkeys(line for one in rounds for line in one.said)),
            ),
            len(rounds),
        )


def _interesting(statements: list[tuple[RehearsedStatement, int]]) -> list[tuple[RehearsedStatement, int]]:
    """All of a short revision; of a long one those that took longest, in their order."""
    if len(statements) <= _MANY:
        return statements
    slowest = sorted(statements, key=lambda one: one[0].seconds or 0.0, reverse=True)[:_MANY]
    kept = {one.ordinal for one, _ in slowest} | {one.ordinal for one, _ in statements if one.error}
    return [(one, times) for one, times in statements if one.ordinal in kept]


def _row(
    statement: RehearsedStatement, times: int, one: RehearsedRevision, view: View
) -> tuple[str, str, Text]:
    text = sql_text(statement.sql, view.verbose)
    notes = [f"{times} times"] if times > 1 else []
    if statement.rewritten:
        notes.append(f"rewrites {_names(statement.rewritten)}")
    if statement.scanned:
        notes.append(f"scans {_names(statement.scanned)}")
    notes += [f"{count(rows, 'row')} of {clean(table)} changed" for table, rows in statement.changed.items()]
    if statement.pages >= _MANY_PAGES:
        read = f", {statement.pages_read} of them read" if statement.pages_read else ""
        notes.append(f"{statement.pages} pages{read}")
    if statement.wal >= 1_000_000:
        notes.append(f"{size(statement.wal)} of log")
    if statement.autocommit:
        notes.append("commits on its own")
    if view.verbose:
        notes += _closely(statement)
    # on SQLite none is, which the guide says once; and what only marks a transaction does nothing to be seen
    marks = _MARKS.match(statement.sql)
    if not (statement.traced or marks) and any(other.traced for other in one.statements):
        notes.append("not looked into")
    if notes:
        text.append(f"\n({'; '.join(notes)})", style=QUIET)
    for said in statement.said:
        if view.verbose or not said.startswith("DEBUG"):
            text.append(f"\n{clean(said)}", style=DOUBTFUL)
    took = duration(statement.seconds) if statement.seconds is not None else ""
    return place(statement.source, one.file), took, text


def _closely(statement: RehearsedStatement) -> Iterator[str]:
    """What of a statement is of interest to who wants to know all of it."""
    for what, names in (
        ("takes", statement.locks),
        ("creates", statement.created),
        ("drops", statement.dropped),
    ):
        if names:
            yield f"{what} {_names(names)}"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(map(clean, names))


def _lock(lock: RehearsedLock, one: RehearsedRevision) -> Text:
    """A bar over the time of the revision: from when it was taken to the end of its transaction."""
    whole = max(one.seconds, 1e-9)
    width = max(1, min(_BAR, round(_BAR * lock.seconds / whole)))
    began = next((s.began for s in one.statements if s.ordinal == lock.statement), 0.0)
    left = min(_BAR - width, round(_BAR * began / whole))
    bar = "·" * left + "█" * width + "·" * (_BAR - left - width)
    style = BAD if "SELECT" in lock.blocks else DOUBTFUL if lock.blocks else QUIET
    waits = f"; waits: {', '.join(map(clean, lock.blocks))}" if lock.blocks else ""
    there = f", {duration(lock.forecast)} expected" if lock.forecast is not None else ""
    return line(
        (bar, style),
        f"  {clean(lock.mode)} on {clean(lock.table)} for {duration(lock.seconds)}{there}"
        f" (statement {lock.statement}){waits}",
    )


def _trip(trip: RoundTrip) -> Iterator[RenderableType]:
    yield ""
    names = ", ".join(map(clean, trip.revisions[:3])) + (", ..." if len(trip.revisions) > 3 else "")
    word = ("the schema is what it was", GOOD) if trip.good else ("fails", BAD)
    where = f" on {clean(trip.database)}" if trip.database else ""
    yield line("round trip of ", (names, STRONG), f"{where}: ", word)
    if trip.fault is not None:
        yield indented(line((clean(trip.fault), BAD)))
    for what, differences in (("after the way down", trip.schema), ("after the second way up", trip.again)):
        for text in differences:
            first, *rest = text.split("\n")
            yield indented(line((f"{what}: ", QUIET), clean(first)))
            for more in rest:
                yield indented(line((clean(more), QUIET)), 6)
    for sentence in trip.apart:
        yield indented(line(("not counted: ", QUIET), clean(sentence)))
    for lost in trip.lost:
        before, after = lost.rows_before or 0, lost.rows_after
        rows = f"{count(before, 'row')} before, {'none' if after is None else after} after"
        columns_ = f"; values of {', '.join(map(clean, lost.columns))}" if lost.columns else ""
        yield indented(line(("does not come back: ", DOUBTFUL), f"{clean(lost.table)}: {rows}{columns_}"))


def _checks(checks: tuple[OldApplication, ...]) -> Iterator[RenderableType]:
    for one in checks:
        if not one.good:
            yield line(
                ("the running application fails ", BAD), f"after revision {clean(one.after)}: ",
                f"{clean(one.what)}: {clean(one.said)}",
            )  # fmt: skip
    if checks and all(one.good for one in checks):
        yield line(("the running application passes ", GOOD), f"({count(len(checks), 'check')})")
