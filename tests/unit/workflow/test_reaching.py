"""Which revisions a target lacks, by its version rows and the checkout's graph."""

from __future__ import annotations

import pytest

from alembic_safe.bridge.messages import GraphRead
from alembic_safe.errors import UsageError
from alembic_safe.model.revisions import Revision
from alembic_safe.settings import StatusQuery
from alembic_safe.workflow.reaching import missing, wanted_revisions


def _rev(id_: str, *down: str, needs: tuple[str, ...] = (), labels: tuple[str, ...] = ()) -> Revision:
    return Revision(id_, down, needs, labels, "", f"/{id_}.py", "")


GRAPH = GraphRead(
    "/versions",
    ("m", "x2"),
    (
        _rev("a"),
        _rev("b", "a"),
        _rev("c", "a"),
        _rev("m", "b", "c"),
        _rev("x1", labels=("other",)),
        _rev("x2", "x1", needs=("b",)),
    ),
)


@pytest.mark.parametrize(
    ("rows", "wanted", "left"),
    [
        ([], ["a"], ("a",)),
        (["m"], ["a", "b", "c", "m"], ()),
        (["b"], ["b", "c", "m"], ("c", "m")),
        (["x2"], ["b", "a", "c"], ("c",)),  # a dependency is applied as well
        (["unknown"], ["a"], ("a",)),
    ],
)
def test_what_is_missing(rows: list[str], wanted: list[str], left: tuple[str, ...]) -> None:
    assert missing(GRAPH, rows, wanted) == left


def test_what_is_asked_for() -> None:
    assert wanted_revisions(StatusQuery(at_heads=True, require=("b",)), GRAPH) == ("m", "x2", "b")
    assert wanted_revisions(StatusQuery(require=("other",)), GRAPH) == ("x1",)
    assert wanted_revisions(StatusQuery(require=("x1",)), GRAPH) == ("x1",)
    with pytest.raises(UsageError, match="short for several: x1, x2"):
        wanted_revisions(StatusQuery(require=("x",)), GRAPH)
    with pytest.raises(UsageError, match="not in this checkout"):
        wanted_revisions(StatusQuery(require=("zz",)), GRAPH)
