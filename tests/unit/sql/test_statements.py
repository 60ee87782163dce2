"""The reader against PostgreSQL's own parse tree, on 399 statements of migrations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.sql import read, split
from tests.unit.sql.comparing import differences
from tests.unit.sql.pg_oracle import Truth, oracle

DATA = Path(__file__).parents[2] / "data"
STATEMENTS: list[dict[str, Any]] = json.loads((DATA / "statements.json").read_text())
ACCEPTED = [entry for entry in STATEMENTS if entry["postgres_accepts"]]
# What was recorded of PostgreSQL 18's parse tree, so that the comparison needs no GPL package:
# `python -m tests.unit.sql.test_statements` writes it again.
TRUTH_FILE = DATA / "statements_truth.json"
# Statements whose content is decided when they run. That is said, and is no fault of the reader's.
OPAQUE = ("do", "call", "execute", "alter extension")


def _truths() -> dict[str, list[Truth]]:
    recorded = json.loads(TRUTH_FILE.read_text())
    return {sql: [_truth(one) for one in found] for sql, found in recorded.items()}


def _truth(one: dict[str, Any]) -> Truth:
    return Truth(one["kind"], set(one["names"]), [_tuples(a) for a in one["actions"]], set(one["flags"]))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _record() -> str:
    found = {
        entry["sql"]: [
            {"kind": t.kind, "names": sorted(t.names), "actions": t.actions, "flags": sorted(t.flags)}
            for t in oracle(entry["sql"])
        ]
        for entry in ACCEPTED
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


TRUTHS = _truths() if TRUTH_FILE.exists() else {}


@pytest.mark.parametrize("entry", ACCEPTED, ids=lambda entry: entry["sql"][:60])
def test_reads_as_postgresql_does(entry: dict[str, Any]) -> None:
    pieces, truths = split(entry["sql"]), TRUTHS[entry["sql"]]
    assert len(pieces) == len(truths) == len(entry["parse_nodes"])
    for piece, truth in zip(pieces, truths, strict=True):
        reading = read(piece.text)
        assert differences(reading, truth) == []
        assert reading.understood or reading.kind in OPAQUE
        assert reading.text == piece.text == entry["sql"][piece.start : piece.end]


def test_the_recorded_truth_is_postgresqls() -> None:
    pytest.importorskip("pglast", reason="pglast is not installed: the recorded truth stands unchecked")
    assert json.loads(_record()) == json.loads(TRUTH_FILE.read_text())


@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        ("ALTER TABLE users RENAME a TO b", "ALTER TABLE users RENAME TO b"),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX i ON t (a)"),
        ("ALTER TABLE t ADD c int NOT NULL", "ALTER TABLE t ADD c int"),
        (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)",
        ),
        ("UPDATE t SET a = 1 WHERE b", "UPDATE t SET a = 1"),
        ("DROP TABLE a, b", "DROP TABLE a"),
        ("INSERT INTO a SELECT 1 FROM b", "INSERT INTO a SELECT 1 FROM c"),
    ],
)
def test_the_comparison_bites(sql: str, wrong: str) -> None:
    pytest.importorskip("pglast", reason="pglast is not installed")
    assert differences(read(sql), oracle(sql)[0]) == []
    assert differences(read(wrong), oracle(sql)[0]) != []


if __name__ == "__main__":
    TRUTH_FILE.write_text(_record())


def test_options_of_a_publication_leave_its_tables_alone() -> None:
    assert [a.kind for a in read("ALTER PUBLICATION p SET (publish = 'insert')").actions] == ["options"]
    assert [a.kind for a in read("ALTER PUBLICATION p SET TABLE t").actions] == ["set published"]


@pytest.mark.parametrize("name", ["type", "set", "drop", "add", "constraint_name"])
def test_a_column_may_be_called_like_a_word_of_what_is_done_to_it(name: str) -> None:
    # COLUMN itself is reserved (documentation, appendix "SQL Key Words"), the others are not
    for text, kind in (
        (f"alter table t alter column {name} type varchar(9) using {name}::text", "alter column type"),
        (f"alter table t alter column {name} set not null", "set not null"),
        (f"alter table t alter column {name} drop default", "drop default"),
    ):
        reading = read(text)
        assert reading.understood, reading.not_understood
        assert [(action.kind, action.name) for action in reading.actions] == [(kind, name)]
