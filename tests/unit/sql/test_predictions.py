"""What is said of locks, rewrites and scans against what servers 15 to 18 were seen to do."""

from __future__ import annotations

from functools import cache

import pytest

from alembic_safe.model.facts import LockMode
from alembic_safe.sql import Schema
from tests.integration.sql.observing import Case, cases, world
from tests.integration.sql.recording import recorded
from tests.unit.sql.predicting import disagreements, predict, schema_after

TRUTH = recorded()
CASES = list(cases())


@cache
def _schema(setup: str) -> Schema:
    return schema_after(world(), setup)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_says_what_servers_do(case: Case) -> None:
    schema = _schema(case.setup)
    tables = [str(name) for name in schema.tables]
    for version, seen in TRUTH[case.id].items():
        assert disagreements(predict(case.statement, int(version), schema), seen, tables) == [], version


def test_every_case_was_seen_on_every_version_it_is_for() -> None:
    for case in CASES:
        wanted = {str(v) for v in range(15, 19) if case.first <= v <= case.last}
        assert set(TRUTH[case.id]) == wanted, case.id


def test_the_comparison_bites() -> None:
    """Of predictions for another statement, most are found wrong."""
    schema = _schema("")
    tables = [str(name) for name in schema.tables]
    plain = [case for case in CASES if not case.setup and "18" in TRUTH[case.id]]
    pairs = [(one, other) for one in plain[::3] for other in plain[1::7]]
    different = [(one, other) for one, other in pairs if TRUTH[one.id]["18"] != TRUTH[other.id]["18"]]
    found = [
        bool(disagreements(predict(one.statement, 18, schema), TRUTH[other.id]["18"], tables))
        for one, other in different
    ]
    assert sum(found) > 0.9 * len(found)


@pytest.mark.parametrize(
    ("sql", "version", "fails"),
    [
        ("ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID", 17, True),
        ("ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID", 18, False),
        ("ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a) VIRTUAL", 17, True),
        ("ALTER TABLE t ALTER COLUMN g SET EXPRESSION AS (a)", 16, True),
        ("ALTER TABLE t ALTER COLUMN g SET EXPRESSION AS (a)", 17, False),
        ("ALTER TABLE p ADD FOREIGN KEY (r_id) REFERENCES r NOT VALID", 17, True),
        ("ALTER TABLE p ADD FOREIGN KEY (r_id) REFERENCES r NOT VALID", 18, False),
        ("CREATE INDEX CONCURRENTLY x ON p (id)", 18, True),
        ("ALTER TABLE q DETACH PARTITION q1 CONCURRENTLY", 18, True),
    ],
)
def test_knows_what_a_version_refuses(sql: str, version: int, fails: bool) -> None:
    assert bool(predict(sql, version, _schema("")).fails) is fails


def test_concurrently_locks_weakly_and_refuses_a_transaction() -> None:
    facts = predict("CREATE INDEX CONCURRENTLY x ON t (a)", 18, _schema(""))
    assert facts.refuses_transaction
    assert [(str(f.object.name), f.mode) for f in facts.locks] == [("t", LockMode.SHARE_UPDATE_EXCLUSIVE)]


def test_a_table_of_the_same_transaction_is_fresh() -> None:
    schema = _schema("")
    new = schema_after(world())
    from alembic_safe.sql import apply, read

    new = apply(schema, read("CREATE TABLE n (id int)"))
    assert new.age(read("DROP TABLE n").objects[0].name) == "transaction"
    assert new.begin_transaction().age(read("DROP TABLE n").objects[0].name) == "revision"
    assert new.begin_revision().age(read("DROP TABLE n").objects[0].name) == "plan"
    assert new.begin_plan().age(read("DROP TABLE n").objects[0].name) is None
    assert schema.age(read("DROP TABLE t").objects[0].name) is None


def test_what_is_not_known_is_not_called_certain() -> None:
    nothing = Schema()
    for sql in (
        "ALTER TABLE x ALTER c TYPE bigint",
        "ALTER TABLE x ADD c mytype",
        "ALTER TABLE x ADD c int DEFAULT f()",
    ):
        assert [r.certain for r in predict(sql, 18, nothing).rewrites] == [False], sql
    assert [s.certain for s in predict("ALTER TABLE x ALTER c SET NOT NULL", 18, nothing).scans] == [False]
    assert [s.certain for s in predict("ALTER TABLE x VALIDATE CONSTRAINT k", 18, nothing).scans] == [False]
