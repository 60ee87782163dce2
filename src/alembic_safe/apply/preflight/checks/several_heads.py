"""several-heads: a history that forked and was not merged, so that `heads` goes two ways."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from alembic_safe.apply.preflight.check import Check, Found, Scene
from alembic_safe.model.revisions import Revision


def _look(scene: Scene) -> Iterator[Found]:
    by_id = {revision.id: revision for revision in scene.revisions}
    above = {head: _ancestors(head, by_id) for head in scene.heads}
    forked = {
        head
        for one, other in combinations(scene.heads, 2)
        if above[one] & above[other] and not (_labels(above[one], by_id) and _labels(above[other], by_id))
        for head in (one, other)
    }
    if forked:
        yield Found(
            f"the history has several heads that nobody merged: {', '.join(sorted(forked))}",
            "Merge them (`alembic merge heads`), or name the one that is meant.",
        )


def _ancestors(head: str, by_id: dict[str, Revision]) -> frozenset[str]:
    found: set[str] = set()
    todo = [head]
    while todo:
        one = todo.pop()
        if one in by_id and one not in found:
            found.add(one)
            todo.extend(by_id[one].down)
    return frozenset(found)


def _labels(revisions: frozenset[str], by_id: dict[str, Revision]) -> bool:
    """Whether a branch label is among them: a branch that is kept apart on purpose."""
    return any(by_id[one].labels for one in revisions)


CHECK = Check(
    "several-heads", "warn", "a history with heads that nobody merged", _look, ("postgresql", "sqlite")
)
