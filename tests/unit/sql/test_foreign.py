"""The reader on PostgreSQL's own test scripts. A sweep: needs pglast and a source tree of PostgreSQL.

ALEMBIC_SAFE_POSTGRES_SOURCE=/path/to/postgresql-15.18 pytest --sweep tests/unit/sql/test_foreign.py
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from alembic_safe.sql import read, split
from tests.unit.sql.comparing import differences
from tests.unit.sql.pg_oracle import oracle

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
    parser = pytest.importorskip("pglast.parser", reason="pglast is not installed")
    if not SOURCE:
        pytest.skip("ALEMBIC_SAFE_POSTGRES_SOURCE names no source tree")
    total, wrong = 0, []
    for path in sorted(path for folder in folders for path in Path(SOURCE).glob(folder + "/*.sql")):
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
