"""What the journal has of the last runs, in plain words and in order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from alembic_safe.model.recovery import TimelineEntry
from alembic_safe.model.runs import WITHOUT_A_WORD, RunHistory, StatementRecord, StepRecord

_MANY = 6


def timeline(runs: Sequence[RunHistory]) -> tuple[TimelineEntry, ...]:
    """What happened, the oldest first. `runs` are newest first, as the journal gives them."""
    entries = [entry for history in reversed(runs) for entry in _run(history)]
    return tuple(sorted(entries, key=lambda one: one.at))


def _run(history: RunHistory) -> Iterator[TimelineEntry]:
    run = history.run
    yield TimelineEntry(run.began, f"{run.who} began `{run.command}` on {run.host} (run {run.id})")
    if run.backup:
        yield TimelineEntry(run.began, f"backup {run.backup} stands before it")
    for step in history.steps:
        yield TimelineEntry(step.began, f"{step.direction} of revision {step.revision} began")
        own = [one for one in history.statements if one.step == step.ordinal and one.autocommit]
        for one in own[-_MANY:]:
            yield _statement(one)
        if step.ended is not None:
            yield TimelineEntry(step.ended, _end(step))
    if run.ended is not None and run.error and WITHOUT_A_WORD in run.error:
        yield TimelineEntry(_last(history), f"run {run.id} was not heard of again")
        yield TimelineEntry(run.ended, f"a later command closed run {run.id}: {run.outcome}")
    elif run.ended is not None:
        yield TimelineEntry(
            run.ended, f"run {run.id} ended: {run.outcome}" + (f"; {run.error}" if run.error else "")
        )
    else:
        yield TimelineEntry(_last(history), f"run {run.id} was not heard of again")


def _statement(one: StatementRecord) -> TimelineEntry:
    said = {
        "done": "was run and committed by itself",
        "failed": f"failed: {one.error or ''}",
        "unfinished": "was sent, and no end was written",
    }.get(one.outcome, one.outcome)
    return TimelineEntry(one.began, f"statement {one.ordinal} {said}: {' '.join(one.sql.split())[:120]}")


def _end(step: StepRecord) -> str:
    words = {
        "committed": "is committed",
        "rolled_back": "was rolled back",
        "partial": "ended with a part committed",
        "unknown": "ended, and what of it took effect could not be told",
    }
    return f"revision {step.revision} {words.get(step.outcome, step.outcome)}" + (
        f": {step.error}" if step.error else ""
    )


def _last(history: RunHistory) -> datetime:
    return max([history.run.began, *(s.began for s in history.steps), *(s.began for s in history.statements)])
