"""Raw values to checked ones: durations, numbers, compression, journal, and the connection's forms."""

from __future__ import annotations

import math
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.settings import connection, values
from alembic_safe.settings.options import BY_NAME


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [("500ms", 0.5), ("5s", 5), ("10m", 600), ("1h", 3600), ("7", 7), (" 2.5 s ", 2.5), (3, 3), (0.25, 0.25)],
)
def test_a_duration_is_read(raw: object, seconds: float) -> None:
    assert values.parse_duration(raw) == pytest.approx(seconds)


@pytest.mark.parametrize("raw", ["", "5 x", "1h30m", "-1", "1e3", "٣s", "s", True, None, math.nan, -1, "0x5"])
def test_what_is_no_duration_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match=r"not a duration|not text|below the least"):
        values.parse_duration(raw)


@given(
    st.integers(0, 10**9), st.sampled_from([("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("", 1.0)])
)
def test_every_duration_written_is_read_back(number: int, unit: tuple[str, float]) -> None:
    assert values.parse_duration(f"{number}{unit[0]}") == pytest.approx(number * unit[1])


@given(st.text())
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        assert values.parse_duration(text) >= 0
    except ValueError as error:
        assert "not a duration" in str(error)


@pytest.mark.parametrize(
    ("name", "raw", "phrase"),
    [
        ("backup-jobs", 0, "below the least allowed, 1"),
        ("backup-jobs", "33", "above the most allowed, 32"),
        ("backup-jobs", "2.5", "not a whole number"),
        ("backup-jobs", "1_0", "not a whole number"),
        ("backup-jobs", True, "not a whole number"),
        ("wait", "8000h", "above the most allowed, 604800 s"),
        ("connect-timeout", "0", "below the least allowed, 1 s"),
        ("format", "xml", "not one of console, json"),
        ("backup-compression", "gzip:10", "from 1 to 9"),
        ("backup-compression", "zstd:0", "from 1 to 22"),
        ("backup-compression", "lz4", "is not gzip"),
        ("backup-compression", "none:1", "is not gzip"),
        ("journal", "file:", "neither `target` nor file:PATH"),
        ("journal", "side", "neither `target` nor file:PATH"),
        ("no-backup", "  ", "a reason is needed"),
        ("no-backup", "a\nb", "control character"),
        ("journal-schema", "", "a value is needed"),
        ("journal-schema", 5, "put it in quotes"),
        ("quiet", "maybe", "neither true nor false"),
        ("name", [], "at least one value"),
    ],
)
def test_a_wrong_value_is_named(name: str, raw: object, phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        values.parse(raw, BY_NAME[name])


@pytest.mark.parametrize(
    ("text", "keywords"),
    [
        ("postgresql://h/db", {"host": "h", "dbname": "db"}),
        ("postgres://u:p%40ss@h:1/db?sslmode=require",
         {"user": "u", "host": "h", "port": "1", "dbname": "db", "password": "p@ss", "sslmode": "require"}),
        ("postgresql+asyncpg://h/db", {"host": "h", "dbname": "db"}),
        ("postgresql://h1:1,[::1]:2/db", {"host": "h1,::1", "port": "1,2", "dbname": "db"}),
        ("postgresql://%2Fvar%2Frun/db", {"host": "/var/run", "dbname": "db"}),
        ("postgresql:///db?host=/tmp", {"host": "/tmp", "dbname": "db"}),
        ("service=prod", {"service": "prod"}),
        (r"host=h  dbname='a b' password='it\'s \\' user=", {
            "host": "h", "dbname": "a b", "password": "it's \\", "user": ""}),
    ],
)  # fmt: skip
def test_a_connection_is_read(text: str, keywords: dict[str, str]) -> None:
    assert connection.parse_conninfo(text) == keywords


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "host=h hunter2",
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2/x@h:y/d",
        "password='hunter2",
        "postgresql://h/d?hunter2",
        "postgresql://",
    ],
)
def test_a_malformed_connection_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        connection.parse_conninfo(text)
    assert "hunter2" not in str(caught.value)


@given(st.text(alphabet=st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1))
def test_any_password_survives_a_url_and_is_masked(password: str) -> None:
    keywords = connection.parse_conninfo(f"postgresql://u:{quote(password, safe='')}@h/d")
    assert keywords["password"] == password
    assert connection.shown(keywords) == "user=u host=h dbname=d password=***"


@given(st.text(alphabet=st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])))
def test_any_value_survives_quoting(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    assert connection.parse_conninfo(f"dbname='{quoted}' host=h") == {"dbname": value, "host": "h"}
