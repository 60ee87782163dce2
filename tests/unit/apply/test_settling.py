"""What became of a step: the table of evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.apply.settling import Evidence, rest_of, settle
from alembic_safe.model.revisions import Statement

BASE = Evidence(before=("a1",), now=("a1",), expected=("b2",), transaction="aborted")


def _statement(
    sql: str, *, autocommit: bool = False, own: bool = False, error: str | None = None
) -> Statement:
    return Statement(1, sql, None, 0.1, None, autocommit, own, error)


INSIDE = _statement("create table t (id int)")
ALONE = _statement("create table t (id int)", autocommit=True)


@pytest.mark.parametrize(
    ("evidence", "outcome"),
    [
        (replace(BASE, now=("b2",), transaction="committed"), "committed"),
        # the rows are what counts, also when the transaction's status is too old to be known
        (replace(BASE, now=("b2",), transaction="unknown"), "committed"),
        (BASE, "rolled_back"),
        (replace(BASE, expected=None), "rolled_back"),
        (replace(BASE, statements=[INSIDE]), "rolled_back"),
        (replace(BASE, now=("zz",)), "unknown"),
        (replace(BASE, transaction="in progress"), "unknown"),
        (replace(BASE, transaction="unknown"), "unknown"),
        # the transaction that the step began in is committed, its version row is not there
        (replace(BASE, transaction="committed", statements=[INSIDE]), "partial"),
        (replace(BASE, transaction="committed", statements=[_statement("select 1")]), "rolled_back"),
        # killed: nobody wrote the statements inside the transaction
        (replace(BASE, transaction="committed", statements=[]), "partial"),
        (replace(BASE, statements=[ALONE]), "partial"),
        (replace(BASE, statements=[replace(ALONE, duration=None)]), "partial"),
        (replace(BASE, statements=[replace(ALONE, error="x")]), "rolled_back"),
        # a concurrent build that failed leaves an INVALID index
        (
            replace(
                BASE,
                statements=[_statement("create index concurrently i on t (c)", autocommit=True, error="x")],
            ),
            "partial",
        ),
        (replace(BASE, statements=[_statement("insert into t values (1)", own=True)]), "partial"),
        (replace(BASE, statements=[_statement("select 1", own=True)]), "rolled_back"),
        # a SELECT may write, and the first word does not tell
        (replace(BASE, statements=[_statement("select credit()", autocommit=True)]), "partial"),
        (replace(BASE, statements=[_statement("select setval('s', 7)", autocommit=True)]), "partial"),
        (replace(BASE, statements=[_statement("select * into new from t", autocommit=True)]), "partial"),
        (replace(BASE, statements=[_statement("explain analyze delete from t", autocommit=True)]), "partial"),
        (
            replace(BASE, statements=[_statement("select pg_advisory_lock(1)", autocommit=True)]),
            "rolled_back",
        ),
        (replace(BASE, transaction="committed", statements=[_statement("select credit()")]), "partial"),
        # killed, and what was begun on a connection of the revision's own may be committed
        (replace(BASE, unsure=True), "unknown"),
        (replace(BASE, unsure=True, statements=[ALONE]), "partial"),
        # SQLite: its own word whether anything was committed
        (replace(BASE, transaction=None, changed=False, statements=[INSIDE]), "rolled_back"),
        (replace(BASE, transaction=None, changed=True), "partial"),
    ],
)
def test_evidence(evidence: Evidence, outcome: str) -> None:
    assert settle(evidence) == outcome


heads = st.sampled_from([(), ("a1",), ("b2",), ("a1", "b2")])
statements = st.lists(
    st.builds(
        _statement,
        st.sampled_from(["select 1", "insert into t values (1)", "create index concurrently i on t (c)"]),
        autocommit=st.booleans(),
        own=st.booleans(),
        error=st.sampled_from([None, "x"]),
    ),
    max_size=3,
)


@given(
    st.builds(
        Evidence,
        before=heads,
        now=heads,
        expected=st.none() | heads,
        transaction=st.sampled_from([None, "committed", "aborted", "in progress", "unknown"]),
        changed=st.sampled_from([None, True, False]),
        statements=statements,
    )
)
def test_never_a_certainty_that_the_rows_contradict(evidence: Evidence) -> None:
    outcome = settle(evidence)
    if outcome == "committed":
        assert evidence.now == evidence.expected != evidence.before
    if outcome == "rolled_back":
        assert evidence.now == evidence.before
        assert evidence.changed is not True
        assert (
            not any(
                s.autocommit and s.error is None and not s.sql.startswith("select")
                for s in evidence.statements
            )
            or evidence.changed is False
        )


@pytest.mark.parametrize(
    ("announced", "ready", "left", "server", "said"),
    [
        (None, None, (), {"7": "aborted"}, "rolled back"),
        # committed by the driver's own cursor, and the process gone before it said so
        (None, None, (), {"7": "committed"}, "unknown"),
        (None, None, (), {"7": "in progress"}, "unknown"),
        (None, None, ("autocommit",), {"7": "committed"}, "unknown"),
        # what followed an announced commit
        ("7", None, ("autocommit",), {"7": "committed"}, "rolled back"),
        ("7", None, ("autocommit", "driver commit"), {"7": "committed"}, "unknown"),
        ("7", None, (), {"7": "committed"}, "unknown"),
        ("7", "9", ("autocommit",), {"7": "committed", "9": "aborted"}, "rolled back"),
        ("7", "9", ("autocommit",), {"7": "committed", "9": "committed"}, "unknown"),
    ],
)
def test_what_no_announced_commit_covers_is_rolled_back_only_where_that_is_known(
    announced: str | None, ready: str | None, left: tuple[str, ...], server: Any, said: str
) -> None:
    assert rest_of("7", announced, ready, left, server.__getitem__) == said
    assert rest_of(None, announced, ready, left, server.__getitem__) == "unknown"
