"""An event to the line that is worth keeping of it, if any. Pure."""

from __future__ import annotations

from alembic_safe.model.events import (
    BackupProgress,
    Event,
    Notice,
    PhaseBegan,
    PhaseEnded,
    StatementBegan,
    StatementEnded,
    StatementProgress,
    StepBegan,
    StepEnded,
    Waiting,
    WorkerOutput,
)
from alembic_safe.model.revisions import Statement
from alembic_safe.report.wording import clean, duration, on_one_line, size

_CUT = 160


def saying(event: Event, step: StepBegan | None, verbose: bool) -> str | None:
    """What is written of an event and stays; None where it is not worth a line. `step` is the one running."""
    if isinstance(event, PhaseEnded):
        return f"{clean(event.phase)}: {clean(event.what)} ({duration(event.duration)})"
    if isinstance(event, StepEnded):
        place = f"{step_place(step)} " if step and step.revision == event.revision else ""
        message = f" {clean(step.message)}" if place and step and step.message else ""
        outcome = event.outcome.replace("_", " ")
        return f"{place}{clean(event.revision)}{message}: {outcome} in {duration(event.duration)}"
    if isinstance(event, WorkerOutput):
        return f"  | {clean(event.line.rstrip())}"
    if isinstance(event, Notice):
        hint = f"\n  {clean(event.hint)}" if event.hint else ""
        return f"notice: {clean(event.message)}{hint}"
    return _verbose_saying(event) if verbose else None


def _verbose_saying(event: Event) -> str | None:
    if isinstance(event, PhaseBegan):
        return f"{clean(event.phase)}: {clean(event.what)} ..."
    if isinstance(event, StepBegan):
        return f"{step_place(event)} {clean(event.revision)} {clean(event.message)} ...".replace("  ", " ")
    if isinstance(event, StatementBegan):
        return f"  {statement_phrase(event.statement, _CUT)}"
    if isinstance(event, StatementEnded):
        took = duration(event.statement.duration or 0)
        return f"    failed after {took}" if event.statement.error else f"    {took}"
    return None


def ongoing(event: Event) -> str | None:
    """What is going on since this event, for a line that passes; None where that did not change."""
    if isinstance(event, PhaseBegan):
        return f"{clean(event.phase)}: {clean(event.what)}"
    if isinstance(event, Waiting):
        holder = f", held by {clean(event.holder)}" if event.holder else ""
        return f"waiting for {clean(event.what)}{holder}"
    if isinstance(event, BackupProgress):
        return f"{clean(event.phase)}: {_how_far(event)}"
    if isinstance(event, StepBegan):
        return f"{step_place(event)} {clean(event.revision)} {clean(event.message)}".rstrip()
    if isinstance(event, StatementProgress):
        share = f", {min(event.done / event.total, 1):.0%}" if event.total else ""
        return f"{clean(event.command)}: {clean(event.phase)}{share}"
    return None


def _how_far(event: BackupProgress) -> str:
    """`1.2 GB at 60.0 MB/s, about 2 min 5 s left`; the end only where an earlier backup lets one expect it."""
    said = size(event.size)
    if event.phase != "dump" or event.seconds < 1:
        return said
    rate = event.size / event.seconds
    said += f" at {size(int(rate))}/s"
    if event.expected is None or not rate:
        return said
    left = event.expected - event.size
    return said + (
        f", about {duration(max(1.0, left / rate))} left" if left > 0 else ", more than the last one"
    )


def step_place(step: StepBegan | None) -> str:
    """`[2/5]`, and which target where a run has a name for it."""
    return f"[{step.ordinal}/{step.total}]" if step else ""


def statement_phrase(statement: Statement, width: int) -> str:
    """`line 14: CREATE INDEX ...`, within `width` characters."""
    where = f"line {statement.source.line}: " if statement.source else ""
    return where + on_one_line(statement.sql, max(width - len(where), 10))
