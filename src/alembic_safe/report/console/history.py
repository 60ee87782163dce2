"""`history` for people: runs newest first, the steps of each where they were read, the slowest statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from alembic_safe.model.results import HistoryResult
from alembic_safe.model.runs import RunHistory, RunRecord, StatementRecord, StepRecord
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
    pairs,
)
from alembic_safe.report.wording import clean, duration, heads, moment, near, on_one_line

_STYLES = {"done": GOOD, "nothing": GOOD, "unfinished": DOUBTFUL, "interrupted": DOUBTFUL}


def history(result: HistoryResult, view: View) -> Iterator[RenderableType]:
    """Run by run, newest first; one run alone with all its statements."""
    if result.slowest:
        rows = [
            (duration(took), clean(revision), f"{near(place, view.base)}\n{on_one_line(sql, _cut(view))}")
            for revision, place, sql, took in result.slowest
        ]
        yield columns(rows, right=[0])
        return
    if not result.runs and result.error is None:
        yield "no runs yet"
    for run in result.runs:
        yield from _run(run, view, alone=len(result.runs) == 1)


def run_phrase(run: RunRecord) -> str:
    """A run in one phrase: `upgrade done in 4.2 s, 2026-03-01 09:30:00 UTC (run 01J...)`."""
    began = f"{moment(run.began)} UTC (run {clean(run.id)})"
    if run.outcome == "nothing":  # the time of that is nobody's concern
        return f"{clean(run.command)}, which found nothing to do, {began}"
    took = f" in {duration(run.duration)}" if run.duration is not None else ""
    return f"{clean(run.command)} {run.outcome}{took}, {began}"


def _run(history: RunHistory, view: View, alone: bool) -> Iterator[RenderableType]:
    run = history.run
    took = duration(run.duration) if run.duration is not None else "no end written"
    yield line(
        (f"{moment(run.began)}  ", QUIET),
        (clean(run.command), STRONG),
        " ",
        (run.outcome, _STYLES.get(run.outcome, BAD)),
        f", {took}",
    )
    yield pairs(_facts(history, full=alone or view.verbose))
    if history.steps and (alone or view.verbose):
        yield indented(columns(list(_steps(history, view)), right=[3]))


def _facts(history: RunHistory, full: bool) -> Iterator[tuple[str, str]]:
    run = history.run
    yield "target", f"{clean(run.target)}: {heads(run.heads_before)} -> {heads(run.heads_after)}"
    yield "run", f"{clean(run.id)}, by {clean(run.who)} on {clean(run.host)}"
    if history.steps and not full:
        outcomes = Counter(step.outcome.replace("_", " ") for step in history.steps)
        yield "revisions", ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items())
    if run.error:
        yield "error", on_one_line(run.error, 1000)
    if run.backup:
        yield "backup", clean(run.backup)
    for what, reason in run.allowances:
        yield clean(what), clean(reason)
    if full:
        if run.ci_link:
            yield "pipeline", clean(run.ci_link)
        yield "versions", f"alembic-safe {clean(run.tool_version)}, server {clean(run.server_version)}"


def _steps(history: RunHistory, view: View) -> Iterator[tuple[str | Text, ...]]:
    for step in history.steps:
        style = {"committed": GOOD, "rolled_back": DOUBTFUL}.get(step.outcome, BAD)
        took = duration(step.duration) if step.duration is not None else ""
        again = f"{step.attempts} attempts" if step.attempts > 1 else ""
        outcome = Text(step.outcome.replace("_", " "), style=style)
        waited = f"waited {duration(step.waited)} for locks" if step.waited else ""
        text = Text(
            "; ".join(filter(None, [again, waited, on_one_line(step.error or "", 1000)])), overflow="fold"
        )
        yield str(step.ordinal), clean(step.revision), outcome, took, text
        for statement in _of(step, history):
            yield _statement(statement, view)


def _of(step: StepRecord, history: RunHistory) -> list[StatementRecord]:
    return [s for s in history.statements if s.step == step.ordinal]


def _statement(statement: StatementRecord, view: View) -> tuple[str | Text, ...]:
    took = duration(statement.duration) if statement.duration is not None else ""
    where = f"line {statement.line}" if statement.line is not None else ""
    sql = on_one_line(statement.sql, _cut(view))
    failed = "" if statement.outcome == "done" else f"{statement.outcome}: "
    return "", Text(where, style=QUIET), "", took, Text(f"{failed}{sql}", overflow="fold")


def _cut(view: View) -> int:
    return 10_000 if view.verbose else 2 * view.width
