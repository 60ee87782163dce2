"""`history` for people: runs newest first, the steps of each where they were read, the slowest statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from alembic_safe.model.restores import RestoreProof
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

_MOMENT = 0.1  # seconds
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
    if result.proofs:
        yield "backups restored to prove them"
        yield indented(columns([_proof(proof, view) for proof in result.proofs]))


def _proof(proof: RestoreProof, view: View) -> tuple[str | Text, ...]:
    """One restore of a backup: when, which, how long it took, how old its data was; `-v` where."""
    when = Text(f"{moment(proof.at)}", style=QUIET)
    if not proof.good:
        return when, clean(proof.backup), Text(f"FAILED: {clean(proof.faults[0])}", style=BAD)
    where = f", in {clean(proof.where)}" if view.verbose else ""
    said = f"usable after {duration(proof.recovery_time)}, data {duration(proof.age)} old{where}"
    return when, clean(proof.backup), Text(said)


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
    if forecast := _forecast(history.steps):
        yield "forecast", forecast
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
        said = [again, waited, _expected(step), on_one_line(step.error or "", 1000)]
        text = Text("; ".join(filter(None, said)), overflow="fold")
        yield str(step.ordinal), clean(step.revision), outcome, took, text
        for statement in _of(step, history):
            yield _statement(statement, view)


def _expected(step: StepRecord) -> str:
    """`1.7 s expected, 12 % less than it took`: the rehearsal's forecast, and how it compares."""
    if step.forecast is None:
        return ""
    took = step.duration if step.forecast_error is not None else None
    return f"{duration(step.forecast)} expected{_off(step.forecast, took)}"


def _off(expected: float, took: float | None) -> str:
    """A forecast's error in words. Of moments the two figures say more than a share would."""
    if took is None or max(expected, took) < _MOMENT:
        return ""
    share = round(abs(expected - took) / took * 100)
    return f", {share} % {'more' if expected > took else 'less'} than it took" if share else ", as it took"


def _forecast(steps: tuple[StepRecord, ...]) -> str:
    """The run's own: all revisions of which something was expected and that were committed."""
    told = [step for step in steps if step.forecast_error is not None]
    if not told:
        return ""
    expected = sum(step.forecast or 0.0 for step in told)
    took = sum(step.duration or 0.0 for step in told)
    return f"{duration(expected)} expected by the rehearsal, {duration(took)} measured{_off(expected, took)}"


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
