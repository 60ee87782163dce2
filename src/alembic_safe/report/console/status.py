"""`status` for people: the state first, then the facts that support it, then the next command."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from alembic_safe.model.results import StatusResult, TargetStatus
from alembic_safe.report.console.history import run_phrase
from alembic_safe.report.console.page import BAD, DOUBTFUL, GOOD, STRONG, View, line, pairs
from alembic_safe.report.console.targets import server
from alembic_safe.report.wording import clean, count, duration, heads, moment, size

_WELL = ("clean",)
_SHOWN = 10


def status(result: StatusResult, view: View) -> Iterator[RenderableType]:
    for index, target in enumerate(result.targets):
        if index:
            yield ""
        yield from _target(target, view)


def _target(status: TargetStatus, view: View) -> Iterator[RenderableType]:
    state = clean(status.state.replace("_", " ").replace("-", " "))
    style = GOOD if state in _WELL else DOUBTFUL if state.startswith("interrupted") else BAD
    yield line((clean(status.target.label), STRONG), ": ", (state, style), f", {_position(status)}")
    yield pairs(_facts(status, view))


def _position(status: TargetStatus) -> str:
    at = f"at {heads(status.target.heads)}"
    if status.unknown:
        return f"{at}, which this checkout does not know"
    if status.behind:
        return f"{at}, {count(len(status.behind), 'revision')} behind"
    return f"{at}, as this checkout"


def _facts(status: TargetStatus, view: View) -> Iterator[tuple[str, str]]:
    yield "target", server(status.target)
    yield "checkout", f"at {heads(status.code_heads)}"
    if status.unknown:
        yield "unknown", ", ".join(map(clean, status.unknown))
    if status.behind:
        yield "pending", _listed(status.behind, view)
    for fact in status.facts:
        yield "because", clean(fact)
    if status.lock_holder:
        yield "lock", f"held by {clean(status.lock_holder)}"
    if status.last_run is not None:
        yield "last run", run_phrase(status.last_run.run)
    if status.last_backup is not None:
        backup = status.last_backup
        age = f" ({duration((view.now - backup.ended).total_seconds())} ago)" if view.now else ""
        yield "backup", f"{clean(backup.id)}, {size(backup.size)}, {moment(backup.ended)} UTC{age}"
    if status.behind and not status.unknown and status.state in _WELL:
        yield "next", "alembic-safe plan, then alembic-safe upgrade"


def _listed(revisions: tuple[str, ...], view: View) -> str:
    shown = revisions if view.verbose else revisions[:_SHOWN]
    rest = len(revisions) - len(shown)
    more = f" and {rest} more" if rest else ""
    return ", ".join(map(clean, shown)) + more
