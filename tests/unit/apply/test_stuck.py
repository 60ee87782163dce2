"""How often a concurrent statement is run again: counted for each by itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from alembic_safe.apply import runner
from alembic_safe.apply.debris import Debris
from alembic_safe.apply.interrupts import Interrupts
from alembic_safe.bridge.messages import StatementBegun, StatementStuck
from alembic_safe.model.revisions import Statement


def test_the_tries_of_one_statement_are_not_those_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "STATEMENT_TRIES", 2)
    run = runner._SectionRun((), "alembic-safe/r1", None, Interrupts(), 60.0, lambda event: None)
    first, second = (
        Statement(number, "drop index concurrently x", None, autocommit=True) for number in (1, 2)
    )
    unasked: Any = None  # a DROP INDEX takes up by itself what it left
    steps: Any = SimpleNamespace(
        open=first,
        debris=Debris(unasked, first, lambda event: None, "alembic-safe/r1"),
        statement_begun=lambda message: None,
    )
    run._steps[0] = steps
    said = []
    for statement, message in (
        (first, StatementBegun(0, 1, first)),
        (first, StatementStuck(first, "40P01", "deadlock detected")),
        (first, StatementStuck(first, "40P01", "deadlock detected")),
        (second, StatementBegun(0, 1, second)),
        (second, StatementStuck(second, "40P01", "deadlock detected")),
    ):
        assert run.take(message)
        said.append((statement.ordinal, run.again))
    assert said == [(1, None), (1, ""), (1, None), (2, None), (2, "")]
