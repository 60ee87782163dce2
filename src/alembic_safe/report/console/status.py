"""`status` for people: the state first, then the facts that support it, then the next command."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from alembic_safe.model.results import StatusResult, TargetStatus
from alembic_safe.report.console.history import run_phrase
from alembic_safe.report.console.page import BAD, DOUBTFUL, GOOD, STRONG, View, line, pairs
from alembic_safe.report.console.targets import server
from alembic_safe.report.wording import clean, count, duration, heads, moment, size

_GOOD = ("at heads",)
_DOUBTFUL = ("behind", "at base", "running", "interrupted but clean")
_SHOWN = 10
_RECOVER = "`alembic-safe recover` explains it, and shows the ways out"
_NEXT = {
    "behind": "`alembic-safe plan` shows what is pending, `alembic-safe upgrade` applies it",
    "at base": "`alembic-safe plan` shows what is pending, `alembic-safe upgrade` applies it",
    "running": "`alembic-safe history` shows its steps; `--wait 10m` waits for it",
    "interrupted but clean": "`alembic-safe upgrade` finishes what was begun",
}


def status(result: StatusResult, view: View) -> Iterator[RenderableType]:
    """The state first, then what supports it, then the next command."""
    for index, target in enumerate(result.targets):
        if index:
            yield ""
        yield from _target(target, view)


def _target(status: TargetStatus, view: View) -> Iterator[RenderableType]:
    state = status.state
    style = GOOD if state in _GOOD else DOUBTFUL if state in _DOUBTFUL else BAD
    pending = f", {count(len(status.behind), 'revision')} pending" if status.behind else ""
    where = f" ({heads(status.target.heads)}){pending}"
    yield line((clean(status.target.label), STRONG), ": ", (clean(state), style), where)
    yield pairs(_facts(status, view))


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
    if status.last_proof is not None:
        proof = status.last_proof
        lost = f"its data {duration(proof.age)} old"
        what = (
            f"in {duration(proof.recovery_time)}, {lost}"
            if proof.good
            else f"FAILED: {clean(proof.faults[0])}"
        )
        yield "restored", f"{clean(proof.backup)} {what}, tried {moment(proof.at)} UTC"
    if status.doubted and status.state in ("behind", "at heads"):
        yield "next", "`alembic-safe recover` compares the whole schema with the history"
    elif status.state in _NEXT:
        yield "next", _NEXT[status.state]
    elif status.state != "at heads":
        yield "next", _RECOVER


def _listed(revisions: tuple[str, ...], view: View) -> str:
    shown = revisions if view.verbose else revisions[:_SHOWN]
    rest = len(revisions) - len(shown)
    more = f" and {rest} more" if rest else ""
    return ", ".join(map(clean, shown)) + more
