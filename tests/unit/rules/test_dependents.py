"""What hangs on what is dropped, what the same transaction puts in its place, and batches that commit."""

from __future__ import annotations

import pytest

from alembic_safe.model.findings import Severity
from tests.unit.rules.plans import auto, findings

BASE = """
CREATE TYPE pair AS (a text, b text);
CREATE TYPE lonely AS (a text);
CREATE TABLE a (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, home pair, d int GENERATED ALWAYS AS (1 + 1) STORED);
CREATE TABLE l (email text CONSTRAINT l_a REFERENCES a (email), a_id bigint);
CREATE TABLE tree (id bigint PRIMARY KEY, up bigint CONSTRAINT tree_up REFERENCES tree);
CREATE UNIQUE INDEX l_key ON l (a_id);
CREATE TABLE m (a_id bigint CONSTRAINT m_l REFERENCES l (a_id));
CREATE SEQUENCE n;
CREATE SEQUENCE free;
CREATE TABLE t (id bigint PRIMARY KEY DEFAULT nextval('n'), state text, tags varchar(20)[]);
CREATE TABLE child (id bigint PRIMARY KEY, state text);
CREATE MATERIALIZED VIEW mv AS SELECT state FROM t;
"""
CONTRACT = ["# alembic-safe: phase contract\n"]
LOOP = """
    DO $$ DECLARE last bigint := 0;
    BEGIN LOOP {change}; EXIT WHEN NOT FOUND; last := last + 500; {end} END LOOP; END $$
"""
RANGE = "UPDATE t SET state = 'x' WHERE id > last AND id <= last + 500"
FEW = "(SELECT id FROM t WHERE state IS NULL ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED)"
ALL = "(SELECT id FROM t WHERE state IS NULL)"


def errors(*statements, version=17, sources=CONTRACT):
    found = findings(list(statements), base=BASE, version=version, sources=sources)
    return {f.rule for f in found if f.severity is Severity.ERROR}


REFUSED = [
    "ALTER TABLE a DROP CONSTRAINT a_email_key",
    "ALTER TABLE a DROP COLUMN email",
    "ALTER TABLE tree DROP CONSTRAINT tree_pkey",
    "DROP INDEX l_key",
    "DROP SEQUENCE n",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY mv",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_what_others_need_is_not_dropped(statement):
    assert "statement-fails" in errors(statement)


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE l DROP CONSTRAINT l_a", "ALTER TABLE a DROP CONSTRAINT a_email_key"],
        ["DROP TABLE l CASCADE", "ALTER TABLE a DROP COLUMN email"],
        ["ALTER TABLE tree DROP CONSTRAINT tree_up, DROP CONSTRAINT tree_pkey"],
        ["ALTER TABLE a DROP CONSTRAINT a_pkey"],
        ["DROP SEQUENCE free"],
        ["CREATE UNIQUE INDEX mv_key ON mv (state)", "REFRESH MATERIALIZED VIEW CONCURRENTLY mv"],
        ["ALTER TABLE l DROP COLUMN email"],
    ],
)
def test_what_nothing_needs_any_more_goes(statements):
    assert "statement-fails" not in errors(*statements)


def test_what_cascade_took_along_needs_nothing_any_more():
    found = errors("ALTER TABLE a DROP CONSTRAINT a_email_key CASCADE", "ALTER TABLE a DROP COLUMN email")
    assert "statement-fails" not in found


def test_a_constraint_that_comes_back_over_the_renamed_column_is_not_gone():
    drop, rename = "ALTER TABLE l DROP CONSTRAINT l_a", "ALTER TABLE l RENAME COLUMN email TO mail"
    again = "ALTER TABLE l ADD CONSTRAINT l_mail FOREIGN KEY ({}) REFERENCES a (email) NOT VALID"
    assert "constraint-dropped" not in errors(drop, rename, again.format("mail"), sources=())
    assert "constraint-dropped" not in errors(rename, drop, again.format("mail"), sources=())
    assert "constraint-dropped" in errors(drop, rename, again.format("a_id"), sources=())


def test_a_constraint_that_is_not_enforced_any_more_is_as_good_as_dropped():
    off = "ALTER TABLE l ALTER CONSTRAINT l_a NOT ENFORCED"
    assert "constraint-dropped" in errors(off, version=18, sources=())
    assert not errors("ALTER TABLE l ALTER CONSTRAINT l_a DEFERRABLE", version=18, sources=())


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ALTER TYPE pair ADD ATTRIBUTE c text", "type-changed"),
        ("ALTER TABLE a ALTER COLUMN d DROP EXPRESSION", "column-meaning-changed"),
        ("ALTER TABLE child INHERIT t", "inheritance-changed"),
        ("ALTER TABLE t ALTER COLUMN tags TYPE varchar(40)[]", "column-type-rewrite"),
        ("ALTER SEQUENCE n AS integer", "sequence-changed"),
    ],
)
def test_what_running_code_meets_at_once_stops(statement, rule):
    assert rule in errors(statement, sources=())


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TYPE lonely ADD ATTRIBUTE c text",
        "ALTER SEQUENCE n AS bigint",
    ],
)
def test_what_nobody_meets_passes(statement):
    assert not errors(statement, sources=())


@pytest.mark.parametrize(
    "statement",
    [
        LOOP.format(change=RANGE, end="COMMIT;"),
        LOOP.format(change=f"UPDATE t SET state = 'x' WHERE id IN {FEW}", end="COMMIT;"),
        f"WITH few AS {FEW} UPDATE t SET state = 'x' FROM few WHERE t.id = few.id",
        f"WITH few AS MATERIALIZED {FEW} DELETE FROM t USING few WHERE few.id = t.id",
        f"UPDATE t SET state = 'x' FROM {FEW} AS few WHERE t.id = few.id",
        f"DELETE FROM t USING {FEW} few WHERE t.id = few.id",
    ],
)
def test_a_batch_that_commits_passes(statement):
    assert not errors(auto(statement))


@pytest.mark.parametrize(
    "statement",
    [
        LOOP.format(change=RANGE, end=""),
        LOOP.format(change="UPDATE t SET state = 'x' WHERE state IS NULL", end="COMMIT;"),
        LOOP.format(
            change="FOR r IN SELECT * FROM t LOOP UPDATE t SET state = 'x' WHERE id = r.id; END LOOP",
            end="COMMIT;",
        ),
        f"WITH few AS {ALL} UPDATE t SET state = 'x' FROM few WHERE t.id = few.id",
        f"WITH few AS {FEW} UPDATE t SET state = 'x' FROM few WHERE t.state = 'y'",
        f"WITH few AS {FEW} UPDATE t SET state = 'x' FROM few WHERE t.id = few.id OR t.state = 'y'",
        f"UPDATE t SET state = 'x' FROM {ALL} AS few WHERE t.id = few.id",
    ],
)
def test_what_is_no_batch_stops(statement):
    assert "backfill-in-one-statement" in errors(auto(statement))


def test_a_block_that_commits_is_refused_in_a_transaction():
    assert "statement-refused-in-transaction" in errors(LOOP.format(change=RANGE, end="COMMIT;"))


def test_not_null_of_18_is_not_listed_among_what_goes_with_a_column():
    base = "CREATE TABLE q (id bigint PRIMARY KEY, c text CONSTRAINT q_c_not_null NOT NULL)"
    (message,) = [
        f.message
        for f in findings(["ALTER TABLE q DROP COLUMN c"], base=base, version=18)
        if f.rule == "column-dropped"
    ]
    assert "q_c_not_null" not in message
