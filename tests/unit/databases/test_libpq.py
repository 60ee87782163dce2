"""What drivers are given -> libpq keywords."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from alembic_safe.databases import libpq_keywords
from alembic_safe.databases._conninfo import parse_conninfo

CASES = [
    (
        "psycopg",
        [],
        {"host": "db", "port": 5433, "dbname": "shop"},
        {"host": "db", "port": "5433", "dbname": "shop"},
    ),
    ("psycopg", ["host=db dbname='a b'"], {"dbname": "c"}, {"host": "db", "dbname": "c"}),
    ("psycopg", ["postgresql://u:p%40@h/d"], {}, {"user": "u", "password": "p@", "host": "h", "dbname": "d"}),
    (
        "psycopg",
        [],
        {
            "conninfo": "host=x",
            "row_factory": len,
            "autocommit": True,
            "prepare_threshold": 5,
            "context": object(),
            "cursor_factory": object,
        },
        {"host": "x"},
    ),
    ("psycopg", [], {"password": None, "host": "h"}, {"host": "h"}),
    (
        "psycopg2",
        ["dbname=a"],
        {"connection_factory": object, "keepalives": True},
        {"dbname": "a", "keepalives": "1"},
    ),
    ("psycopg2", [], {"dsn": "host=h", "database": "d", "async_": 0}, {"host": "h", "dbname": "d"}),
    ("psycopg2", [], {"options": "-c search_path=a"}, {"options": "-c search_path=a"}),
    (
        "asyncpg",
        [],
        {"host": "h", "port": 1, "user": "u", "password": "p", "database": "d"},
        {"host": "h", "port": "1", "user": "u", "password": "p", "dbname": "d"},
    ),
    ("asyncpg", [], {"host": ["a", "b"], "port": [1, 2]}, {"host": "a,b", "port": "1,2"}),
    (
        "asyncpg",
        ["postgres://u@h:1/d?sslmode=require"],
        {},
        {"user": "u", "host": "h", "port": "1", "dbname": "d", "sslmode": "require"},
    ),
    ("asyncpg", [], {"ssl": True}, {"sslmode": "require"}),
    ("asyncpg", [], {"ssl": False}, {"sslmode": "disable"}),
    ("asyncpg", [], {"ssl": "verify-full"}, {"sslmode": "verify-full"}),
    (
        "asyncpg",
        [],
        {"server_settings": {"search_path": "a, b\\c", "application_name": "x"}},
        {"options": "-c search_path=a,\\ b\\\\c", "application_name": "x"},
    ),
    (
        "asyncpg",
        [],
        {
            "timeout": 4.6,
            "command_timeout": 3,
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 100,
            "prepared_statement_name_func": len,
        },
        {"connect_timeout": "5"},
    ),
    (
        "pg8000",
        ["u", "h"],
        {"database": "d", "port": 1},
        {"user": "u", "host": "h", "dbname": "d", "port": "1"},
    ),
    (
        "pg8000",
        [],
        {"unix_sock": "/run/pg/.s.PGSQL.5433", "user": "u"},
        {"host": "/run/pg", "port": "5433", "user": "u"},
    ),
]


@pytest.mark.parametrize(("driver", "args", "kwargs", "keywords"), CASES)
def test_maps_to_libpq(driver, args, kwargs, keywords):
    assert libpq_keywords(driver, args, kwargs) == (keywords, ())


@pytest.mark.parametrize(
    ("driver", "kwargs", "keywords", "unmapped"),
    [
        ("asyncpg", {"ssl": ssl.create_default_context()}, {"sslmode": "require"}, ("ssl",)),
        ("asyncpg", {"password": lambda: "p", "user": "u"}, {"user": "u"}, ("password",)),
        ("asyncpg", {"async_creator_fn": len}, {}, ("async_creator_fn",)),
        ("psycopg", {"password": lambda: "p"}, {}, ("password",)),
        ("pg8000", {"ssl_context": ssl.create_default_context()}, {"sslmode": "require"}, ("ssl_context",)),
    ],
)
def test_names_what_has_no_libpq_form(driver, kwargs, keywords, unmapped):
    assert libpq_keywords(driver, [], kwargs) == (keywords, unmapped)


_values = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@given(
    st.dictionaries(st.sampled_from(["host", "user", "password", "dbname", "options"]), _values, min_size=1)
)
def test_key_value_strings_are_read_as_libpq_reads_them(keywords):
    conninfo = make_conninfo(**keywords)

    assert parse_conninfo(conninfo) == conninfo_to_dict(conninfo) == keywords


@pytest.mark.parametrize(
    "conninfo",
    [
        "postgresql://",
        "postgresql:///shop",
        "postgresql://localhost",
        "postgresql://localhost:5433/a%20b",
        "postgresql://user:se%3Acret@h1:1,h2:2/d?target_session_attrs=read-write&options=-c%20a%3Db",
        "postgresql://%2Ftmp%2Fsock/d",
        "postgresql:///d?host=/tmp/sock&port=5433",
        "postgres://[::1]:5432/d?connect_timeout=3",
        "postgresql://h/d?ssl=true",
        " host = h  port=1 ",
        "host='a\\'b' user=c\\ d",
        "password='' host=h",
    ],
)  # fmt: skip
def test_connection_strings_are_read_as_libpq_reads_them(conninfo):
    expected = {name: value for name, value in conninfo_to_dict(conninfo).items() if value}

    assert {name: value for name, value in parse_conninfo(conninfo).items() if value} == expected


def test_the_room_imports_no_driver():
    code = (
        "import sys, alembic_safe.databases; print([name for name in sys.modules"
        " if name.split('.')[0] in ('psycopg', 'sqlite3', 'subprocess', 'alembic', 'sqlalchemy')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path("/"), check=True
    )

    assert done.stdout.strip() == "[]"
