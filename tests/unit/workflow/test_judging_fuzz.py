"""Hostile statements through the whole of judging: whatever a revision holds, there is a verdict, and soon."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.model.findings import GatePolicy
from alembic_safe.model.revisions import Revision, RevisionListing, Statement
from alembic_safe.rules import gate, judge
from alembic_safe.workflow.judging import judged, replayed

_FILE = Path(__file__).parents[2] / "data" / "statements.json"
STATEMENTS = [entry["sql"] for entry in json.loads(_FILE.read_text())]
_HISTORY = [sql for sql in STATEMENTS if sql.lstrip().upper().startswith("CREATE")]
_LIMIT = 10.0


def _listing(id: str, *statements: str, autocommit: bool = False) -> RevisionListing:
    listed = tuple(
        Statement(number, sql, None, autocommit=autocommit) for number, sql in enumerate(statements, 1)
    )
    return RevisionListing(Revision(id, (), (), (), "", "nowhere.py", "", True), "upgrade", listed)


HISTORY = replayed([_listing("old", *_HISTORY)])


def _judge(statements: list[str], *, autocommit: bool = False) -> None:
    listing = _listing("new", *statements, autocommit=autocommit)
    for version in (15, 18):
        plan = judged([listing], version=version, schema=HISTORY, sources={"new": "pass"})
        found = judge(plan, allowances=(), policy=GatePolicy())
        gate(found, GatePolicy())
        for one in found:
            assert one.rule
            assert one.message


@given(st.lists(st.sampled_from(STATEMENTS), max_size=6), st.booleans())
def test_any_statements_in_any_order(statements: list[str], autocommit: bool) -> None:
    _judge(statements, autocommit=autocommit)


@given(st.sampled_from(STATEMENTS), st.integers(0, 400), st.text(max_size=8))
def test_text_put_into_statements(sql: str, at: int, text: str) -> None:
    at %= len(sql) + 1
    _judge([sql[:at] + text + sql[at:]])


@given(st.lists(st.sampled_from([word for sql in STATEMENTS for word in sql.split()]), max_size=20))
def test_shuffled_words(words: list[str]) -> None:
    _judge([" ".join(words)])


@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    _judge([data.decode("utf-8", "surrogateescape")])


@pytest.mark.parametrize(
    "statements",
    [
        ["INSERT INTO t VALUES ('" + "x" * 1_000_000 + "')"],
        [f"ALTER TABLE t ADD COLUMN c{number} integer" for number in range(500)],
        ["".join(f"CREATE TABLE t{number} (id int);" for number in range(500))],
        ["DO $$ BEGIN " + "EXECUTE 'DROP TABLE t';" * 500 + " END $$"],
        ["UPDATE t SET a = " + "(" * 3000 + "1" + ")" * 3000],
        ["CREATE VIEW v AS " + " UNION ALL ".join(["SELECT 1"] * 2000)],
    ],
    ids=["literal", "statements", "pieces", "block", "parentheses", "unions"],
)
def test_big_revisions_are_judged_soon(statements: list[str]) -> None:
    began = time.monotonic()
    _judge(statements)
    assert time.monotonic() - began < _LIMIT
