"""What a person calls revisions, as version rows: identifiers and their beginnings, head, heads, base. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alembic_safe.bridge.messages import GraphRead
from alembic_safe.errors import UsageError
from alembic_safe.model.identity import Heads

_HINT = "`alembic history` lists the revisions of this checkout."


def rows_for(graph: GraphRead, names: Sequence[str]) -> Heads:
    """The version rows of a database at these revisions: none is another's ancestor, as alembic keeps them.

    Raises `UsageError` for a name that no revision has, or several.
    """
    wanted = {row for name in names for row in _named(graph, name)}
    below = {row: (applied(graph, [row]) or frozenset()) - {row} for row in wanted}
    return tuple(sorted(row for row in wanted if not any(row in others for others in below.values())))


def _named(graph: GraphRead, name: str) -> Iterable[str]:
    if name == "base":
        return ()
    if name == "heads" or (name == "head" and len(graph.heads) <= 1):
        return graph.heads
    if name == "head":
        raise UsageError(
            f"there are several heads: {', '.join(graph.heads)}", hint="Name `heads` for all, or one of them."
        )
    ids = [revision.id for revision in graph.revisions]
    if name in ids:
        return (name,)
    found = [one for one in ids if one.startswith(name)]
    if len(found) == 1:
        return found
    what = f"{len(found)} revisions begin with {name!r}" if found else f"no revision is called {name!r}"
    raise UsageError(what, hint=_HINT)


def applied(graph: GraphRead, heads: Iterable[str]) -> frozenset[str] | None:
    """All revisions that stand where these are the version rows; None where this checkout does not have one of them."""
    down = {one.id: (*one.down, *one.depends_on) for one in graph.revisions}
    found: set[str] = set()
    todo = list(heads)
    while todo:
        one = todo.pop()
        if one not in down:
            return None
        if one not in found:
            found.add(one)
            todo += down[one]
    return frozenset(found)
