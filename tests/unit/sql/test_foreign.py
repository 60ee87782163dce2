"""The reader on PostgreSQL's own test scripts. A sweep: needs pglast and a source tree of PostgreSQL.

ALEMBIC_SAFE_POSTGRES_SOURCE=/path/to/postgresql-15.18 pytest --sweep tests/unit/sql/test_foreign.py

ALEMBIC_SAFE_FOREIGN_SQL names a folder of other .sql files, such as sqlfluff's test/fixtures/dialects/postgres.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from alembic_safe.sql import read, split
from tests.unit.sql.comparing import differences
from tests.unit.sql.pg_oracle import oracle

FOREIGN = os.environ.get("ALEMBIC_SAFE_FOREIGN_SQL", "")
SOURCE = os.environ.get("ALEMBIC_SAFE_POSTGRES_SOURCE", "")
BAR = 0.995
_PSQL = re.compile(r"(?m)^\s*\\(?!\.).*$")
_PSQL_END = re.compile(r"\\g(set|exec|desc|x)?.*$")


@pytest.mark.sweep
@pytest.mark.parametrize(
    "folders",
    [("src/test/regress/sql",), ("contrib/*/sql", "src/pl/*/sql", "src/test/modules/*/sql")],
    ids=["regression", "contrib"],
)
def test_reads_postgresqls_own_scripts(folders: tuple[str, ...]) -> None:
    if not SOURCE:
        pytest.skip("ALEMBIC_SAFE_POSTGRES_SOURCE names no source tree")
    _check(path for folder in folders for path in Path(SOURCE).glob(folder + "/*.sql"))


@pytest.mark.sweep
def test_reads_foreign_scripts() -> None:
    if not FOREIGN:
        pytest.skip("ALEMBIC_SAFE_FOREIGN_SQL names no folder")
    _check(Path(FOREIGN).rglob("*.sql"))


def _check(paths: Iterable[Path]) -> None:
    parser = pytest.importorskip("pglast.parser", reason="pglast is not installed")
    total, wrong = 0, []
    for path in sorted(paths):
        for piece in split(_PSQL.sub("", path.read_text(errors="replace"))):
            text = _PSQL_END.sub("", piece.text)
            try:
                truths = oracle(text)
            except parser.ParseError:
                continue  # meant to be refused, or psql's own
            if not truths or truths[0].kind == "select":
                continue
            total += 1
            reading = read(text)
            opaque = reading.kind in ("do", "call", "execute")
            if differences(reading, truths[0]) or not (reading.understood or opaque):
                wrong.append((path.name, text[:200], reading.not_understood))
    assert total > 1000
    assert 1 - len(wrong) / total >= BAR, wrong[:40]


@pytest.mark.parametrize(
    ("sql", "conditional"),
    [
        ("WITH t AS (SELECT 1 FROM a WHERE n < 100) DELETE FROM films", False),
        ("WITH t AS (SELECT 1 FROM a WHERE n < 100) UPDATE films SET a = 1", False),
        ("WITH t AS (SELECT 1 FROM a) DELETE FROM films WHERE id = 1", True),
        ("WITH moved AS (DELETE FROM a WHERE old RETURNING *) INSERT INTO b SELECT * FROM moved", True),
    ],
)
def test_condition_of_what_is_read_is_none_of_what_is_changed(sql: str, conditional: bool) -> None:
    assert ("where" in read(sql).flags) is conditional


def test_publication_of_several_schemas_is_understood() -> None:
    reading = read("ALTER PUBLICATION p SET TABLE a, b, TABLES IN SCHEMA y, z, CURRENT_SCHEMA, TABLE c")
    assert reading.understood
    assert [str(one.name) for one in reading.objects] == ["p", "a", "b", "c"]
