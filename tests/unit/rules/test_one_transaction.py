"""What runs in one transaction though it looks like several: strings of statements, batches without a commit."""

from __future__ import annotations

import pytest

from alembic_safe.model.findings import Severity
from tests.unit.rules.plans import Part, auto, findings

BASE = "CREATE TABLE t (id bigint PRIMARY KEY, a int, at date); CREATE TABLE u (id bigint PRIMARY KEY, a int)"
BUILD = "CREATE INDEX CONCURRENTLY ix ON t (a)"
RANGE = "UPDATE t SET a = 0 WHERE id >= {} AND id < {}"


def errors(*parts: Part, base: str = BASE) -> set[str]:
    return {one.rule for one in findings(list(parts), base=base) if one.severity is Severity.ERROR}


def test_several_statements_in_one_string_are_one_transaction():
    assert not errors(auto(BUILD))
    assert not errors(auto(f"-- for the list\n{BUILD};"))
    assert "concurrent-statement-inside-transaction" in errors(auto(f"SET lock_timeout = 0; {BUILD}"))
    assert "concurrent-statement-inside-transaction" in errors(auto(f"{BUILD}; COMMENT ON INDEX ix IS 'x'"))


def test_locks_of_one_string_are_held_to_its_end():
    check = "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID"
    assert not errors(auto(check), auto("ALTER TABLE t VALIDATE CONSTRAINT k"))
    assert errors(auto(f"{check}; ALTER TABLE t VALIDATE CONSTRAINT k"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (RANGE.format(0, 100), RANGE.format(100, 200)),
        ("UPDATE t SET a = 1 WHERE id BETWEEN 0 AND 9", "UPDATE t SET a = 1 WHERE id BETWEEN 10 AND 19"),
        ("DELETE FROM t WHERE id < 10 AND id >= 0", "DELETE FROM t WHERE id < 20 AND id >= 10"),
    ],
)
def test_batches_without_a_commit_are_one_change(first, second):
    assert not errors(first)
    assert errors(first, second) == {"backfill-in-one-statement"}
    assert not errors(auto(first), auto(second))


def test_a_large_change_in_batches_is_said_once():
    found = findings([RANGE.format(n, n + 100) for n in range(0, 1000, 100)], base=BASE)
    assert [one.rule for one in found if one.severity is Severity.ERROR] == ["backfill-in-one-statement"]


def test_rows_by_key_and_batches_of_other_tables_are_no_batches():
    assert not errors("UPDATE t SET a = 1 WHERE id = 1", "UPDATE t SET a = 1 WHERE id = 2")
    assert not errors(RANGE.format(0, 9), "UPDATE u SET a = 0 WHERE id >= 0 AND id < 9")


def test_a_key_that_equals_one_value_is_one_row():
    assert not errors("UPDATE t SET a = 1 WHERE id = (SELECT id FROM u WHERE a = 3)")
    assert errors("UPDATE t SET a = 1 WHERE id = (SELECT max(id) FROM u WHERE u.a = t.a)")
    assert errors("UPDATE t SET a = 1 WHERE id IN (SELECT id FROM u WHERE a = 3)")


def test_what_create_schema_makes_is_new():
    made = "CREATE SCHEMA s CREATE TABLE n (a int) CREATE INDEX i ON n (a) CREATE VIEW v AS SELECT a FROM n"
    assert not errors(made)
    assert not errors(
        "CREATE SCHEMA s CREATE TABLE n (a int) CREATE INDEX ON n (a)", "CREATE INDEX j ON s.n (a)"
    )
    assert not errors("CREATE SCHEMA s CREATE TABLE t (b int)", "ALTER TABLE s.t ADD COLUMN c int NOT NULL")
    assert "index-build-blocks-writes" in errors(made, "CREATE INDEX j ON t (a)")
