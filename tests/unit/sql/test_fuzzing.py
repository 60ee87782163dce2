# ruff: noqa: E501
"""Hostile input: whatever the text, the reader answers, quickly, and raises nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.sql import apply, facts_of, read, split
from tests.integration.sql.observing import world
from tests.unit.sql.predicting import schema_after

STATEMENTS = [
    entry["sql"] for entry in json.loads((Path(__file__).parents[2] / "data" / "statements.json").read_text())
]
_LIMIT = 40.0  # seconds; generous, since what it is there to catch takes minutes


WORLD = schema_after(world())


def _read_all(text: str) -> None:
    schema = WORLD
    for one in (*(piece.text for piece in split(text)), text):
        reading = read(one)
        for version in (15, 18):
            facts_of(reading, version, schema)
        schema = apply(schema, reading)


@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    _read_all(data.decode("utf-8", "surrogateescape"))
    _read_all(data.decode("latin-1"))


@given(st.text(max_size=300))
def test_random_text(text: str) -> None:
    _read_all(text)


@given(st.sampled_from(STATEMENTS), st.integers(0, 400), st.integers(0, 400))
def test_cut_statements(sql: str, start: int, end: int) -> None:
    _read_all(sql[: end % (len(sql) + 1)])
    _read_all(sql[start % (len(sql) + 1) :])


@given(st.lists(st.sampled_from([word for sql in STATEMENTS for word in sql.split()]), max_size=30))
def test_shuffled_words(words: list[str]) -> None:
    _read_all(" ".join(words))


@given(st.sampled_from(STATEMENTS), st.integers(0, 400), st.text(max_size=8))
def test_text_put_into_statements(sql: str, at: int, text: str) -> None:
    at %= len(sql) + 1
    _read_all(sql[:at] + text + sql[at:])


def _big(size: int) -> dict[str, str]:
    return {
        "string": "SELECT '" + "x" * size + "'",
        "string of quotes": "SELECT '" + "''" * (size // 2) + "'",
        "open string of quotes": "SELECT '" + "''" * (size // 2),
        "escape string": "SELECT E'" + "\\'" * (size // 2) + "'",
        "open escape string": "SELECT E'" + "\\\\'" * (size // 3),
        "many quotes": "SELECT " + "' " * (size // 2),
        "dollar string": "SELECT $a$" + "$" * size + "$a$",
        "open dollar strings": "SELECT " + " $a" * (size // 20),
        "comment": "SELECT 1 /*" + "*" * size + "*/",
        "comment edges": "/*" * (size // 2),
        "parentheses": "SELECT " + "(" * (size // 10) + "1" + ")" * (size // 10),
        "open parentheses": "SELECT " + "(" * (size // 10),
        "brackets": "CREATE TABLE t (a int" + "[]" * (size // 20) + ")",
        "queries": "SELECT " + "(SELECT " * 5000 + "1" + ")" * 5000,
        "joins": "SELECT 1 FROM " + "(" * 5000 + "t" + ")" * 5000,
        "withs": "WITH a AS (" * 2000 + "SELECT 1" + ") SELECT 1" * 2000,
        "explains": "EXPLAIN " * 20_000 + "SELECT 1",
        "columns": "CREATE TABLE t (" + ", ".join(f"c{i} int" for i in range(size // 60)) + ")",
        "actions": "ALTER TABLE t " + ", ".join(f"ADD c{i} int" for i in range(size // 60)),
        "names": "DROP TABLE " + ", ".join(f"c{i}" for i in range(size // 60)),
        "name": "DROP TABLE " + "x" * size,
        "copy": "COPY t FROM stdin;\n" + "1\n" * (size // 2),
        "block": "DO $$ BEGIN " + "IF a THEN " * (size // 40) + "END $$",
        "do blocks": "DO $a$ BEGIN EXECUTE $b$ " + "DO $c$ BEGIN " * 1000 + "$b$; END $a$",
        "backslashes": "SELECT " + "\\" * size,
        "dots": "SELECT * FROM a" + ".a" * (size // 20),
        "digits": "SELECT " + "1" * size,
    }


# One token each, however long. The others are as many tokens as they are long.
_LITERALS = {
    "string", "string of quotes", "open string of quotes", "escape string", "dollar string", "comment", "name", "digits",
    "backslashes", "open dollar strings", "comment edges",
}  # fmt: skip


@pytest.mark.parametrize("name", _big(100))
def test_big_and_deep_texts_end_soon(name: str) -> None:
    began = time.monotonic()
    _read_all(_big(1_000_000 if name in _LITERALS else 60_000)[name])
    assert time.monotonic() - began < _LIMIT


@pytest.mark.sweep
@pytest.mark.parametrize("sql", STATEMENTS)
def test_every_cut_of_every_statement(sql: str) -> None:
    for end in range(len(sql)):
        _read_all(sql[:end])
        _read_all(sql[end:])
