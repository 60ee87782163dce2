"""Which tables should stand by what was journalled."""

from __future__ import annotations

import pytest

from alembic_safe.model.facts import Name
from alembic_safe.model.targets import Dialect
from alembic_safe.recovery.gone import Defined, tables_made

REACHED = {"a1", "b2"}


def _made(*statements: tuple[str, str], dialect: Dialect = "postgresql") -> set[str]:
    given: list[Defined] = [(revision, "upgrade", sql) for revision, sql in statements]
    return {str(name) for name in tables_made(given, REACHED, dialect)}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([("a1", "create table t (id int)"), ("b2", "create table s.u as select 1 as a")], {"t", "s.u"}),
        ([("a1", "create table t (id int)"), ("b2", "drop table if exists public.t cascade")], set()),
        ([("a1", "create table s.t (id int)"), ("b2", "drop table r.t")], {"s.t"}),
        ([("a1", "create table s.t (id int)"), ("b2", "alter table s.t rename to u")], {"s.u"}),
        # where it went to is not followed
        ([("a1", "create table t (id int)"), ("b2", "alter table t set schema s")], set()),
        ([("a1", "create table t (id int)"), ("c3", "create table u (id int)")], {"t"}),
        ([("a1", "create temp table t (id int)"), ("b2", "create table p partition of q default")], set()),
        ([("a1", "create table t (id int)"), ("b2", "drop schema s cascade")], set()),
        ([("a1", "create table t (id int)"), ("b2", "do $$ begin drop table t; end $$")], set()),
        ([("a1", "create table t (id int)"), ("b2", "drop table t; create table u (id int)")], {"u"}),
    ],
)
def test_what_was_made_and_not_taken_away(statements: list[tuple[str, str]], expected: set[str]) -> None:
    assert _made(*statements) == expected


def test_a_batch_leaves_the_table_that_it_copied() -> None:
    batch = ["create table _alembic_tmp_t (id int)", "drop table t", "alter table _alembic_tmp_t rename to t"]
    assert _made(("a1", "create table t (id int)"), *(("b2", sql) for sql in batch), dialect="sqlite") == {
        "t"
    }


def test_a_downgrade_counts_whatever_the_rows_say() -> None:
    rows: list[Defined] = [("a1", "upgrade", "create table t (id int)"), ("c3", "downgrade", "drop table t")]
    assert tables_made(rows, REACHED, "postgresql") == {}
    assert tables_made(rows[:1], REACHED, "postgresql") == {Name("t"): "a1"}
