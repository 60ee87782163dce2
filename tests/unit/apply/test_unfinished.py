"""What became of a step whose end nobody wrote."""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from alembic_safe.apply.unfinished import step_outcome
from alembic_safe.bridge.messages import GraphRead
from alembic_safe.model.revisions import Direction, Revision
from alembic_safe.model.runs import StepRecord

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)


def _revision(name: str, *down: str, needs: tuple[str, ...] = ()) -> Revision:
    return Revision(name, down, needs, (), name, f"/{name}.py", "")


GRAPH = GraphRead(
    "/",
    ("d4", "x1"),
    (
        _revision("a1"),
        _revision("b2", "a1"),
        _revision("c3", "b2", needs=("x1",)),
        _revision("d4", "c3"),
        _revision("x1"),
    ),
)


def test_what_is_reached_is_all_below() -> None:
    assert GRAPH.reached(("c3",)) == {"c3", "b2", "a1", "x1"}
    assert GRAPH.reached(("a1", "gone")) == {"a1", "gone"}
    assert GRAPH.reached(()) == frozenset()


@pytest.mark.parametrize(
    ("revision", "direction", "heads", "transaction", "expected"),
    [
        ("b2", "upgrade", ("b2",), "committed", "committed"),
        # another tool went on from it
        ("b2", "upgrade", ("d4",), "committed", "committed"),
        ("b2", "upgrade", ("a1",), "aborted", "rolled_back"),
        ("b2", "upgrade", ("a1",), "committed", "partial"),
        ("b2", "upgrade", ("x1",), "in progress", "unknown"),
        ("b2", "downgrade", ("a1",), "committed", "committed"),
        ("b2", "downgrade", ("b2",), "aborted", "rolled_back"),
    ],
)
def test_the_rows_and_what_is_below_them_tell_a_step_that_is_whole(
    revision: str, direction: Direction, heads: tuple[str, ...], transaction: str, expected: str
) -> None:
    database: Any = SimpleNamespace(
        facts=SimpleNamespace(dialect="postgresql"), transaction_outcome=lambda mark: transaction
    )
    history: Any = SimpleNamespace(statements=(), run=SimpleNamespace(elsewhere=""))
    step = StepRecord(
        run="r",
        ordinal=1,
        revision=revision,
        direction=direction,
        began=NOW,
        checksum="",
        text="",
        transaction="7",
    )
    assert step_outcome(history, step, heads, GRAPH.reached(heads), database) == expected
