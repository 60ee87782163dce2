"""Judging a loop of like statements costs its length, and not the square of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from alembic_safe.model.findings import GatePolicy
from alembic_safe.model.revisions import Revision, RevisionListing, Source, Statement
from alembic_safe.rules import gate, judge
from alembic_safe.workflow.hiding import Hidden
from alembic_safe.workflow.judging import judged, named, replayed
from alembic_safe.workflow.saying import Saying

_FEW, _MANY = 45, 180


def _listing(id: str, *statements: str) -> RevisionListing:
    source = Source("nowhere.py", 3)
    listed = tuple(Statement(number, sql, source) for number, sql in enumerate(statements, 1))
    return RevisionListing(Revision(id, (), (), (), "", "nowhere.py", "", True), "upgrade", listed)


_HISTORY = replayed([_listing("old", "create table old (id int primary key, a text)")])
_LOOPS: dict[str, Callable[[int], list[str]]] = {
    "updates": lambda n: [f"update old set a = 'x' where id = {i}" for i in range(n)],
    # of one length: a text is searched once for each length that the values have, of which there are few
    "updates of all rows": lambda n: [f"update old set a = 'value {i:03}'" for i in range(n)],
    "inserts": lambda n: [f"insert into old (id, a) values ({i}, 'value {i:03}')" for i in range(n)],
    "in savepoints": lambda n: [
        sql
        for i in range(n // 3)
        for sql in (f"savepoint s{i}", f"update old set a = 'x' where id = {i}", f"release savepoint s{i}")
    ],
    "between locks": lambda n: [
        sql
        for i in range(n // 2)
        for sql in (f"alter table old alter column a set default '{i}'", "update old set a = 'x'")
    ],
}


def _calls(work: Callable[[], object]) -> int:
    """How many functions of Python it calls, comprehensions and generators included."""
    count = 0

    def see(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def _judge(statements: list[str]) -> None:
    listing = _listing("new", "alter table old add column extra int", *statements)
    named([listing])
    plan = judged([listing], version=18, schema=_HISTORY, sources={"new": "pass"})
    findings = judge(plan, policy=GatePolicy())
    Saying([listing]).report(findings, gate(findings, GatePolicy()))


@pytest.mark.parametrize("loop", _LOOPS.values(), ids=_LOOPS)
def test_four_times_as_many_statements_cost_four_times_as_much(loop: Callable[[int], list[str]]) -> None:
    _judge(loop(3))  # what is imported and compiled once
    few = _calls(lambda: _judge(loop(_FEW)))
    many = _calls(lambda: _judge(loop(_MANY)))
    assert many < 4.6 * few


def test_many_values_are_taken_out_of_a_text_without_a_look_at_each() -> None:
    hidden = Hidden(f"value {number}" for number in range(20_000))
    assert _calls(lambda: hidden.out_of("near 'value 17' and 'value 19999', not 'value 20000'")) < 5_000
    assert hidden.out_of("near 'value 17' and 'value 19999', not 'value 20000'").count("value") == 1
    assert "secret\\nkey" not in Hidden(["secret\nkey"]).out_of("op.execute('secret\\nkey')")
