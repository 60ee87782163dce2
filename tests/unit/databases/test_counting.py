"""The row counter: any dump's text, cut anywhere, hostile or not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.databases.postgresql.counting import RowCounter
from alembic_safe.databases.postgresql.encodings import decoded
from alembic_safe.databases.postgresql.objects import objects_of, roles_of
from alembic_safe.errors import BackupError

LOOKS_LIKE_COPY = "\nCOPY public.fake (a) FROM stdin;\n1\n\\.\n"

# Statements that hold a line which looks like COPY, or nearly end what they are inside of.
HOSTILE = [
    f"CREATE FUNCTION f() RETURNS text AS $_$ select 'x';{LOOKS_LIKE_COPY}$_$ LANGUAGE sql;",
    f"CREATE FUNCTION f() RETURNS text AS $a$ $b$ $$ {LOOKS_LIKE_COPY} $$ $a$ LANGUAGE sql;",
    f"COMMENT ON TABLE t IS 'it''s{LOOKS_LIKE_COPY}';",
    f"ALTER TABLE t ALTER c SET DEFAULT E'\\'{LOOKS_LIKE_COPY}\\\\';",
    f'CREATE TABLE "a""b{LOOKS_LIKE_COPY}" (c text);',
    f"/* a /* nested */ comment{LOOKS_LIKE_COPY} */ SELECT 1;",
    "-- COPY public.fake (a) FROM stdin;\nSELECT 1;",
    "SELECT $1, a$b$c, 'x' - -1 / 2;",
    "\\restrict abc'\n",
    "CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT ';' ; END;",
    "SELECT pg_catalog.lowrite(0, '\\x00ff');",
    "SELECT E'\\\\', e'\\'', 'E''';",
    "SELECT 'a'::text ~ 'b\\';",
    "COPY public.out (a) TO stdout;",
]
NAMES = ["public.t", '"sp ace"."we""ird"', '"a\nCOPY b FROM stdin;"', 'public."dot.ted"', "täble"]
ROWS = ["1\ta", "", "\\\\.", "\\\\.\t\\N", "COPY x (a) FROM stdin;", "'", '"', "$$", "--", "/*", ";", "\\\\"]

_sql = st.sampled_from(HOSTILE)
_block = st.tuples(st.sampled_from(NAMES), st.lists(st.sampled_from(ROWS), max_size=6))
_columns = st.sampled_from([" (a, b)", '(a, "c\n;d")', " "])


def _text(parts: list[Any], columns: str) -> tuple[bytes, dict[str, int]]:
    out: list[str] = []
    rows: dict[str, int] = {}
    for part in parts:
        if isinstance(part, str):
            out.append(part + "\n\n")
        else:
            name, lines = part
            rows[name] = rows.get(name, 0) + len(lines)
            header = "--\n-- Data for Name: it's; Type: TABLE DATA\n--\n\n"
            data = "".join(f"{line}\n" for line in lines)
            out.append(f"{header}COPY {name}{columns} FROM stdin;\n{data}\\.\n\n\n")
    return "".join(out).encode(), rows


def _count(text: bytes, cuts: list[int]) -> dict[str, int]:
    counter = RowCounter()
    places = sorted({cut % (len(text) + 1) for cut in cuts})
    for begin, end in zip([0, *places], [*places, len(text)], strict=True):
        counter.feed(text[begin:end])
    return {table.name: table.rows for table in counter.finish()}


@given(st.lists(_sql | _block, max_size=12), _columns, st.lists(st.integers(0, 10_000), max_size=30))
def test_counts_whatever_stands_between_and_wherever_it_is_cut(parts, columns, cuts):
    text, rows = _text(parts, columns)

    assert _count(text, cuts) == rows


@pytest.mark.parametrize("statement", HOSTILE)
def test_every_hostile_statement_hides_nothing_behind_it_byte_by_byte(statement):
    text, rows = _text([statement, ("public.t", ["1", "2"])], " (a)")

    assert _count(text, list(range(len(text)))) == rows == {"public.t": 2}


def test_backslashes_escape_in_plain_strings_where_the_server_says_so():
    text, rows = _text(
        ["SET standard_conforming_strings = off;", f"COMMENT ON TABLE t IS 'a\\'{LOOKS_LIKE_COPY}';"], ""
    )

    assert _count(text, []) == rows == {}


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("COPY public.t (a) FROM stdin;\n1\n2\n", "the data of public.t"),
        ("COPY public.t (a) FROM stdin;\n", "the data of public.t"),
        ("CREATE TABLE t (a", "a statement"),
        ("COMMENT ON TABLE t IS 'a;", "a statement"),
        ("COPY public.t (a) FROM stdin;", "a statement"),
    ],
)
def test_a_text_that_ends_early_is_an_error(text, within):
    counter = RowCounter()
    counter.feed(text.encode())

    with pytest.raises(BackupError, match=f"ends within {within}"):
        counter.finish()


def test_keeps_nothing_of_the_data():
    counter = RowCounter()
    counter.feed(b"COPY public.t (a) FROM stdin;\n")
    for _ in range(50):
        counter.feed(b"x" * 100_000)
        counter.feed(b"y\n" * 1000)

    assert len(counter._text) < 10
    counter.feed(b"\\.\n")
    assert [table.rows for table in counter.finish()] == [50_000]


@pytest.mark.parametrize(
    ("encoding", "codec"), [("LATIN1", "latin-1"), ("WIN1251", "cp1251"), ("EUC_JP", "euc_jp")]
)
def test_names_are_read_in_the_encoding_that_the_dump_names(encoding, codec):
    name = {"LATIN1": "café", "WIN1251": "заказ", "EUC_JP": "注文"}[encoding]
    text = f"SET client_encoding = '{encoding}';\nCOPY public.{name} (a) FROM stdin;\n1\n\\.\n\n".encode(
        codec
    )

    assert _count(text, [3, 40]) == {f"public.{name}": 1}
    header = f"--\n-- Name: {name}; Type: TABLE; Schema: public; Owner: {name}\n--\n\nCREATE TABLE x ();\n"
    assert roles_of(objects_of(decoded(text + header.encode(codec)))) == (name,)
