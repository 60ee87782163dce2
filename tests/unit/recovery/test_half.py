"""What stands of a revision: by journal and transaction status, and by the schema where they do not settle it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.databases import Found
from alembic_safe.model.facts import Name
from alembic_safe.model.runs import StatementOutcome, StatementRecord, StepRecord, TransactionOutcome
from alembic_safe.recovery.half import FileNow, Part, half_of, keys_of, settle_statements, undo_of

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
HERE = Found("public")
INVALID = Found("public", valid=False)
INDEX = "create index concurrently ix on t (a)"
INDEX_KEY = ("relation", Name("ix"), "")


def record(
    ordinal: int, sql: str, outcome: StatementOutcome = "done", *, autocommit: bool = True
) -> StatementRecord:
    return StatementRecord(
        "run", 1, ordinal, f"digest{ordinal}", sql, None, None, NOW, None, None, outcome, autocommit
    )


def standing(
    *records: StatementRecord, seen: Any = None, transaction: TransactionOutcome = "aborted"
) -> list[str]:
    found = settle_statements(records, transaction, seen or {}, "postgresql")
    return [one.standing for one in found]


@pytest.mark.parametrize(
    ("found", "expected"), [(HERE, "in effect"), (INVALID, "not in effect"), (None, "not in effect")]
)
def test_an_index_build_without_an_end_is_settled_by_the_index(found: Any, expected: str) -> None:
    assert standing(record(1, INDEX, "unfinished"), seen={INDEX_KEY: found}) == [expected]


@pytest.mark.parametrize(
    ("sql", "key", "found", "expected"),
    [
        ("drop index concurrently ix", INDEX_KEY, None, "in effect"),
        ("drop index concurrently ix", INDEX_KEY, INVALID, "not in effect"),
        ("alter type e add value 'x'", ("label", Name("e"), "x"), HERE, "in effect"),
        ("alter type e add value 'x'", ("label", Name("e"), "x"), None, "not in effect"),
        (
            "alter table t detach partition p concurrently",
            ("partition", Name("t"), "p"),
            INVALID,
            "in effect",
        ),
        (
            "alter table t detach partition p concurrently",
            ("partition", Name("t"), "p"),
            HERE,
            "not in effect",
        ),
        ("create index ix on t (a); analyze t", INDEX_KEY, HERE, "in effect"),
        # nothing in the schema tells of these
        ("alter table t validate constraint c", INDEX_KEY, HERE, "unknown"),
        ("create index if not exists ix on t (a)", INDEX_KEY, HERE, "unknown"),
        ("insert into t values (1)", INDEX_KEY, HERE, "unknown"),
        ("select fill()", INDEX_KEY, HERE, "unknown"),
    ],
)
def test_a_statement_without_an_end(sql: str, key: Any, found: Any, expected: str) -> None:
    assert standing(record(1, sql, "unfinished"), seen={key: found}) == [expected]


@pytest.mark.parametrize(
    ("outcome", "transaction", "expected"),
    [
        ("done", "aborted", "in effect"),
        ("unfinished", "committed", "in effect"),
        ("unfinished", "aborted", "not in effect"),
        ("rolled back", "committed", "not in effect"),
        ("failed", "committed", "not in effect"),
        ("unknown", "committed", "unknown"),
        ("unfinished", "in progress", "unknown"),
    ],
)
def test_rows_in_the_revisions_own_transaction(
    outcome: StatementOutcome, transaction: TransactionOutcome, expected: str
) -> None:
    one = record(1, "insert into t values (1)", outcome, autocommit=False)
    assert standing(one, transaction=transaction) == [expected]


@pytest.mark.parametrize(
    ("sql", "key", "found", "expected"),
    [
        # it failed since there was one already: what is there is not its own, and no rollback may take it away
        (INDEX, INDEX_KEY, HERE, "not in effect"),
        (INDEX, INDEX_KEY, INVALID, "not in effect"),
        ("drop index concurrently ix", INDEX_KEY, None, "in effect"),
    ],
)
def test_what_failed_did_not_make_what_is_there(sql: str, key: Any, found: Any, expected: str) -> None:
    assert standing(record(1, sql, "failed"), seen={key: found}) == [expected]


def test_what_is_not_in_the_schema_is_not_in_effect_whatever_the_journal_says() -> None:
    assert standing(record(1, INDEX), seen={INDEX_KEY: None}) == ["not in effect"]


def test_what_a_later_statement_took_away_did_take_effect() -> None:
    made, gone = record(1, "create table x (id int)"), record(2, "drop table x")
    assert standing(made, gone, seen={("relation", Name("x"), ""): None}) == ["in effect", "in effect"]


def test_a_drop_of_what_the_revision_made_again_is_not_told_by_its_absence() -> None:
    first, second = record(1, "drop index ix"), record(2, "create index ix on t (a)", "unfinished")
    assert standing(first, second, seen={INDEX_KEY: None}) == ["in effect", "not in effect"]


STATEMENTS = st.sampled_from(
    [
        INDEX,
        "drop table x",
        "create table x (id int)",
        "insert into x values (1)",
        "select 1",
        "alter table x y",
        "",
    ]
)
OUTCOMES: Any = st.sampled_from(["unfinished", "done", "failed", "rolled back", "unknown"])


@given(
    st.lists(st.tuples(STATEMENTS, OUTCOMES, st.booleans()), max_size=6),
    st.sampled_from(["committed", "aborted", "in progress", "unknown"]),
    st.dictionaries(
        st.sampled_from([INDEX_KEY, ("relation", Name("x"), "")]), st.sampled_from([HERE, INVALID, None])
    ),
)
def test_nothing_is_claimed_that_the_schema_denies(rows: Any, transaction: Any, seen: Any) -> None:
    """Of a definition's last word on a thing, in effect means that it shows; and data is never settled by looking."""
    records = [
        record(n, sql, outcome, autocommit=auto) for n, (sql, outcome, auto) in enumerate(rows, start=1)
    ]
    found = settle_statements(records, transaction, seen, "postgresql")
    assert [one.ordinal for one in found] == [one.ordinal for one in records]
    for told, one in zip(records, found, strict=True):
        if one.nature == "data" and told.outcome == "unknown":
            assert one.standing == "unknown"
        if told.outcome in ("failed", "rolled back") and "concurrently" not in told.sql:
            assert one.standing == "not in effect"
    only = [one for one in found if one.sql == INDEX]
    if len(only) == 1 and only[0].standing == "in effect":
        assert seen.get(INDEX_KEY) == HERE


def _part(*records: StatementRecord, transaction: TransactionOutcome = "aborted") -> Part:
    step = StepRecord("run", 1, "a1", "upgrade", NOW, "sum")
    return Part(step, records, transaction)


FILE = FileNow("a1.py", "sum", False, "a1")


def test_a_gap_among_the_statements_is_no_certainty() -> None:
    half = half_of([_part(record(2, INDEX))], {INDEX_KEY: HERE}, FILE, "postgresql")
    assert not half.certain


def test_a_transaction_that_was_committed_with_nothing_journalled_is_no_certainty() -> None:
    half = half_of([_part(record(1, INDEX), transaction="committed")], {INDEX_KEY: HERE}, FILE, "postgresql")
    assert not half.certain


def test_a_second_try_stands_beside_the_first() -> None:
    again = record(1, "create table x (id int)")
    seen = {INDEX_KEY: HERE, ("relation", Name("x"), ""): HERE}
    half = half_of([_part(record(1, INDEX)), _part(again)], seen, FILE, "postgresql")
    assert [(one.ordinal, one.standing) for one in half.standing] == [(1, "in effect"), (2, "in effect")]
    assert half.certain and half.unchanged
    assert half.undo == ('DROP TABLE "public"."x"', 'DROP INDEX CONCURRENTLY "public"."ix"')


def _undo(*texts: str) -> tuple[list[str], str]:
    seen: dict[Any, Any] = {
        key: None if key[1] == Name("a") else HERE for key in keys_of(texts, "postgresql")
    }
    records = [record(n, sql) for n, sql in enumerate(texts, start=1)]
    statements = settle_statements(records, "aborted", seen, "postgresql")
    undone, why = undo_of(statements, seen, "postgresql")
    return [one.sql for one in undone], why


def test_rows_in_a_table_of_the_revision_go_with_it() -> None:
    assert _undo("create table x (id int)", "insert into x values (1)") == (['DROP TABLE "public"."x"'], "")


@pytest.mark.parametrize(
    "texts",
    [
        ["alter table a rename to b", "insert into b values (1)"],
        ["create table x (id int)", "insert into x select credit()"],
        ["create table x (id int)", "insert into x (id) select * from app.credit ()"],
        ["create table if not exists x (id int)", "insert into x values (1)"],
    ],
)
def test_rows_that_would_stay_or_calls_that_write_are_not_undone(texts: list[str]) -> None:
    undone, why = _undo(*texts)
    assert not undone
    assert "statement" in why


@pytest.mark.parametrize(
    "insert",
    [
        "insert into x (id, a) values (1, now()), (2, upper('credit('))",
        "insert into x select id, coalesce(a, 0) from t where a in (1, 2) -- credit()",
    ],
)
def test_rows_that_plain_functions_make_go_with_their_table(insert: str) -> None:
    assert _undo("create table x (id int, a text)", insert) == (['DROP TABLE "public"."x"'], "")


@pytest.mark.parametrize(
    "sql",
    [
        "insert into t values (1)",
        "update x set a = 1",
        "alter type e add value 'x'",
        "alter table t alter column a type bigint",
        "create table if not exists x (id int)",
        "alter table t add foreign key (a) references u (b)",
        "alter table t add column a int, alter column b set not null",
        "create or replace view v as select 1",
    ],
)
def test_what_no_statement_undoes_is_not_undone(sql: str) -> None:
    undone, why = _undo(sql)
    assert not undone and "statement 1" in why


def test_upkeep_need_not_be_undone() -> None:
    assert _undo("analyze t", "vacuum t") == ([], "")
