"""Splitting: what a semicolon ends, and what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.sql import split


def texts(sql: str) -> list[str]:
    return [piece.text for piece in split(sql)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", []),
        (";;  ; -- nothing\n", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT ';'; SELECT \"a;b\"", ["SELECT ';'", 'SELECT "a;b"']),
        ("SELECT 'it''s;'; x", ["SELECT 'it''s;'", "x"]),
        (r"SELECT E'\';'; x", [r"SELECT E'\';'", "x"]),
        (r"SELECT '\'; x", [r"SELECT '\'", "x"]),
        ("SELECT $$a;b$$; x", ["SELECT $$a;b$$", "x"]),
        ("SELECT $a$ $$;$$ $b$ $a$; x", ["SELECT $a$ $$;$$ $b$ $a$", "x"]),
        ("SELECT a$b$; x$c$", ["SELECT a$b$", "x$c$"]),
        ("SELECT $1;$2", ["SELECT $1", "$2"]),
        ("/* a; /* b; */ c; */ SELECT 1; x", ["SELECT 1", "x"]),
        ("SELECT 1 -- a; b\n; x", ["SELECT 1", "x"]),
        ("CREATE RULE r AS ON DELETE TO t DO (SELECT 1; SELECT 2); x",
         ["CREATE RULE r AS ON DELETE TO t DO (SELECT 1; SELECT 2)", "x"]),
        ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END; x",
         ["CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END", "x"]),
        ("BEGIN; SELECT 1; END; x", ["BEGIN", "SELECT 1", "END", "x"]),
        ("\ufeffSELECT 1;\nx", ["SELECT 1", "x"]),
        ("SELECT 'open; x", ["SELECT 'open; x"]),
        ("SELECT 1 + ; x", ["SELECT 1 +", "x"]),
    ],
)  # fmt: skip
def test_cuts_where_the_server_does(sql: str, expected: list[str]) -> None:
    assert texts(sql) == expected


def test_data_after_copy_belong_to_no_statement() -> None:
    first, second = split("COPY t (a) FROM stdin;\n1;2\n'\n\\.\nSELECT 1;")
    assert first.text == "COPY t (a) FROM stdin"
    assert first.data == "1;2\n'\n"
    assert second.text == "SELECT 1"
    assert second.line == 5


def test_keeps_lines_offsets_and_comments() -> None:
    sql = "-- first\nSELECT 1;\n\n/* two\nlines */ SELECT\n 2 -- end\n;"
    one, two = split(sql)
    assert (one.line, one.comments) == (2, ((1, "-- first"),))
    assert (two.line, sql[two.start : two.end]) == (5, "SELECT\n 2")
    assert two.comments == ((4, "/* two\nlines */"), (6, "-- end"))


def test_many_statements_take_linear_time() -> None:
    assert len(split("SELECT 'a', $$b$$;\n" * 20_000)) == 20_000


@given(st.text(alphabet="ab;'\"$\\/*-()\n EeUu&1_", max_size=200))
def test_pieces_are_slices_in_order_and_lose_nothing_but_comments(sql: str) -> None:
    position = 0
    for piece in split(sql):
        assert piece.start >= position
        assert sql[piece.start : piece.end] == piece.text
        assert piece.text.lstrip() == piece.text
        assert piece.line == sql.count("\n", 0, piece.start) + 1
        position = piece.end
