"""The result of `upgrade` and `downgrade` for people: what happened, how long it took, the way back."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from alembic_safe.model.backups import Manifest
from alembic_safe.model.results import AppliedStep, AppliedTarget, ApplyResult
from alembic_safe.model.revisions import Statement
from alembic_safe.report.console.findings import findings
from alembic_safe.report.console.page import (
    BAD,
    DOUBTFUL,
    GOOD,
    STRONG,
    View,
    columns,
    indented,
    line,
    pairs,
)
from alembic_safe.report.console.targets import place, server
from alembic_safe.report.wording import at, clean, count, duration, heads, near, on_one_line, size

_MANY_STEPS = 40
_STYLES = {
    "done": GOOD,
    "nothing": GOOD,
    "refused": BAD,
    "failed": BAD,
    "interrupted": DOUBTFUL,
    "dirty": BAD,
    "committed": GOOD,
    "rolled_back": DOUBTFUL,
    "partial": BAD,
    "unknown": BAD,
}


def applied(result: ApplyResult, view: View) -> Iterator[RenderableType]:
    """A target a paragraph: what was done, how long it took, and the way back."""
    manifests = {manifest.id: manifest for manifest in result.backups}
    if result.findings:
        yield from findings(result.findings, view)
        yield ""
    for loss in result.losses:
        yield line(("lost: " if result.exit == 0 else "would be lost: ", DOUBTFUL), clean(loss.sentence))
    for index, target in enumerate(result.targets):
        if index:
            yield ""
        yield from _target(target, result.command, manifests, view)
    parts = ", ".join(f"{clean(phase)} {duration(took)}" for phase, took in result.durations.items())
    if parts:
        yield pairs([("took", f"{duration(sum(result.durations.values()))}: {parts}")])


def _target(
    target: AppliedTarget, command: str, manifests: dict[str, Manifest], view: View
) -> Iterator[RenderableType]:
    word, rest = _outcome(target, command)
    label = clean(target.target.label)
    yield line((label, STRONG), ": ", (word, _STYLES.get(target.outcome, BAD)), rest)
    shown = target.steps if view.verbose else _worth_a_line(target.steps)
    if shown:
        yield indented(columns([_step(step) for step in shown], right=[2, 3]))
    left_out = len(target.steps) - len(shown)
    if left_out:
        told = f"and {count(left_out, 'quicker revision')}: `alembic-safe history {clean(target.run or '')}`"
        yield indented(line(told))
    for step in target.steps:
        if step.error:
            at = near(step.file, view.base)
            yield indented(line((f"{clean(step.revision)} ({at}): ", BAD), on_one_line(step.error, 1000)))
    yield pairs(_facts(target, manifests, view))


def _outcome(target: AppliedTarget, command: str) -> tuple[str, str]:
    after, done = at(target.heads_after), sum(step.outcome == "committed" for step in target.steps)
    verb = "reverted" if command == "downgrade" else "applied"
    if target.outcome == "refused":
        return "refused", f", nothing was changed: it stays {after}"
    if target.outcome == "nothing":
        return "nothing to do", f", {after}"
    if target.outcome == "done":
        return "done", f", {count(done, 'revision')} {verb}, {after}"
    stands = f", {count(done, 'revision')} {verb} before it" if done else ""
    if target.outcome == "dirty":
        return "dirty", f": part of a revision stands{stands}; the target is {after}"
    return clean(target.outcome), f"{stands}; {after}"


def _worth_a_line(steps: tuple[AppliedStep, ...]) -> tuple[AppliedStep, ...]:
    """All of few steps; of many those that did not end well and the slowest, in their order."""
    if len(steps) <= _MANY_STEPS:
        return steps
    slowest = heapq.nlargest(
        _MANY_STEPS // 2,
        range(len(steps)),
        key=lambda n: (steps[n].outcome != "committed", steps[n].duration or 0.0),
    )
    return tuple(steps[n] for n in sorted(slowest))


def _step(step: AppliedStep) -> tuple[str | Text, ...]:
    outcome = Text(step.outcome.replace("_", " "), style=_STYLES.get(step.outcome, BAD))
    statements = count(len(step.statements), "statement")
    return clean(step.revision), outcome, duration(step.duration), statements, clean(step.message)


def _facts(target: AppliedTarget, manifests: dict[str, Manifest], view: View) -> Iterator[tuple[str, str]]:
    yield "target", server(target.target)
    if target.heads_before != target.heads_after or target.steps:
        yield "revision", f"{heads(target.heads_before)} -> {heads(target.heads_after)}"
    slowest = _slowest(target.steps)
    if slowest is not None:
        step, statement = slowest
        at = f" {place(statement.source, step.file)}".rstrip()
        text = on_one_line(statement.sql, 10_000 if view.verbose else 120)
        yield "slowest", f"{duration(statement.duration or 0)} {clean(step.revision)}{at}: {text}"
    if target.pending:
        yield "remaining", ", ".join(map(clean, target.pending))
    if target.left:
        yield "left", f"{', '.join(map(clean, target.left))} (for `upgrade --phase all`)"
    if target.backup is not None:
        yield "backup", _backup(target.backup, manifests.get(target.backup))
    if target.way_back:
        # relative, so that the command stays on a line and can be pasted
        yield "way back", clean(target.way_back.replace(f"{view.base}/", ""))
    if target.run:
        yield "run", clean(target.run)


def _backup(name: str, manifest: Manifest | None) -> str:
    if manifest is None:
        return clean(name)
    read = ", read whole" if manifest.read else ""
    return f"{clean(name)}, {size(manifest.size)} in {duration(manifest.duration)}{read}"


def _slowest(steps: tuple[AppliedStep, ...]) -> tuple[AppliedStep, Statement] | None:
    timed = [(step, s) for step in steps for s in step.statements if s.duration is not None]
    return max(timed, key=lambda pair: pair[1].duration or 0, default=None)
