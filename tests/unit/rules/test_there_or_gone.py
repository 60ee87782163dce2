"""What fails, or does nothing, since the history made it already, dropped it, or never made it."""

from __future__ import annotations

import pytest

from alembic_safe.model.findings import Severity
from tests.unit.rules.plans import findings

BASE = """
    CREATE TYPE kind AS ENUM ('a', 'b'); CREATE DOMAIN code AS text;
    CREATE TABLE t (id serial PRIMARY KEY, a int, k kind, CONSTRAINT positive CHECK (a > 0));
    CREATE TABLE old (id int); DROP TABLE old; CREATE TABLE was (id int); ALTER TABLE was RENAME TO became;
    CREATE SCHEMA s; CREATE TABLE s.u (a int, c code); CREATE VIEW v AS SELECT id FROM t;
    CREATE SEQUENCE numbers; CREATE INDEX i ON t (a);
    CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT i $$;
    CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION g();
    CREATE VIEW w AS SELECT f(a) AS b FROM s.u;
"""
CONTRACT = ["# alembic-safe: phase contract\n"]


def errors(*statements: str, contract: bool = False) -> set[str]:
    found = findings(list(statements), base=BASE, sources=CONTRACT if contract else ())
    return {one.rule for one in found if one.severity is Severity.ERROR}


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t (a int)",
        "CREATE VIEW v AS SELECT 1 AS id",
        "CREATE TYPE kind AS ENUM ('x')",
        "CREATE SEQUENCE numbers",
        "ALTER TYPE kind ADD VALUE 'b'",
        "ALTER TABLE t ADD COLUMN a int",
        "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 1) NOT VALID",
        "ALTER TABLE t ALTER COLUMN nothing SET DEFAULT 1",
        "ALTER TABLE t RENAME COLUMN a TO id",
        "ALTER TABLE old ADD COLUMN b int",
        "ALTER TABLE was ADD COLUMN b int",
    ],
)
def test_what_is_there_or_gone_already_fails(text):
    assert "statement-fails" in errors(text)
    assert "statement-fails" not in errors(f"DO $$ BEGIN {text}; EXCEPTION WHEN others THEN NULL; END $$")


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE IF NOT EXISTS t (a int)"],
        ["CREATE TEMPORARY TABLE t (a int)"],
        ["CREATE TABLE old (id int)", "ALTER TABLE old ADD COLUMN b int"],
        ["CREATE TABLE s.t (a int)"],
        ["ALTER TYPE kind ADD VALUE IF NOT EXISTS 'b'"],
        ["ALTER TABLE t ADD COLUMN IF NOT EXISTS a int"],
        ["ALTER TABLE t ADD COLUMN b int, ALTER COLUMN b SET DEFAULT 1"],
        ["ALTER TABLE IF EXISTS old ADD COLUMN b int"],
    ],
)
def test_what_asks_first_or_is_another_does_not_fail(statements):
    assert not errors(*statements)


ADDED = "ALTER TABLE t ADD COLUMN a int"


def _around(line: str, *, tried: bool = False) -> str:
    """A revision whose tenth line is this one, which is where the first statement stands."""
    head = ["def upgrade():", *["    pass"] * 7]
    return "\n".join(
        [
            *head,
            *(
                ["    try:", f"        {line}", "    except Exception:", "        pass"]
                if tried
                else ["", f"    {line}"]
            ),
        ]
    )


@pytest.mark.parametrize(
    ("before", "alone", "source", "stops"),
    [
        (
            [],
            False,
            _around("op.add_column('t', column)", tried=True),
            True,
        ),  # the transaction is over after it
        ([], False, _around("helpers.add(op.get_bind(), 't', 'a')"), False),
        ([], True, _around("op.add_column('t', column)"), True),
        ([], True, _around("op.get_bind().execute(added)"), True),
        ([], True, _around("batch_op.add_column(column)"), True),
        ([], True, _around("helpers.add('t', 'a')"), False),
        ([], True, _around("op.add_column('t', column)", tried=True), False),
        (["SAVEPOINT a"], False, "", False),
        ([], True, "", False),
        ([], False, "", True),
        (["SAVEPOINT a", "RELEASE SAVEPOINT a"], False, "", True),
        (["SAVEPOINT a", "ROLLBACK TO SAVEPOINT a"], False, "", True),
    ],
)
def test_what_may_be_tried_and_caught_is_a_warning(before, alone, source, stops):
    found = findings([*before, (ADDED, alone)], base=BASE, sources=[source])
    (one,) = [one for one in found if one.rule == "statement-fails"]
    assert (one.severity is Severity.ERROR) is stops


def test_what_goes_with_a_schema_or_type_can_be_made_again():
    drop, make = "DROP SCHEMA s CASCADE", "CREATE TABLE s.u (a int)"
    assert "statement-fails" not in errors(drop, "CREATE SCHEMA s", make)
    assert "statement-fails" not in errors("DROP TYPE kind CASCADE", "ALTER TABLE t ADD COLUMN k text")
    assert "statement-fails" not in errors(
        "ALTER TYPE kind RENAME VALUE 'b' TO 'c'", "ALTER TYPE kind ADD VALUE 'b'"
    )


@pytest.mark.parametrize(
    "text",
    [
        "DROP FUNCTION IF EXISTS nothing(int)",
        "DROP PROCEDURE IF EXISTS nothing()",
        "DROP TRIGGER IF EXISTS nothing ON t",
        "DROP POLICY IF EXISTS nothing ON t",
        "DROP RULE IF EXISTS nothing ON t",
        "DROP SEQUENCE IF EXISTS nothing",
        "DROP SCHEMA IF EXISTS nothing CASCADE",
        "DROP PUBLICATION IF EXISTS nothing",
        "DROP AGGREGATE IF EXISTS nothing(int)",
        "ALTER TABLE IF EXISTS nothing DROP COLUMN a",
        "ALTER TABLE IF EXISTS nothing RENAME TO something",
        "ALTER SEQUENCE IF EXISTS nothing RESTART",
    ],
)
def test_if_exists_of_what_was_never_made_does_nothing(text):
    assert not errors(text)


@pytest.mark.parametrize(
    "text",
    [
        "DROP FUNCTION IF EXISTS f(int) CASCADE",
        "DROP TRIGGER IF EXISTS tr ON t",
        "DROP SEQUENCE IF EXISTS numbers",
        "DROP SEQUENCE IF EXISTS t_id_seq",
        "DROP SCHEMA IF EXISTS s CASCADE",
        "DROP EXTENSION IF EXISTS hstore",
        "DROP ROLE IF EXISTS somebody",
        "ALTER TABLE IF EXISTS t DROP COLUMN a",
    ],
)
def test_if_exists_of_what_is_there_or_may_be_stops(text):
    assert errors(text)


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("DROP SEQUENCE t_id_seq", True),
        ("DROP SEQUENCE numbers", False),
        ("DROP FUNCTION g()", True),
        ("DROP FUNCTION f(int)", True),
        ("DROP SCHEMA s", True),
        ("DROP DOMAIN code", True),
    ],
)
def test_what_something_needs_cannot_be_dropped_in_a_contract_step(text, fails):
    assert ("statement-fails" in errors(text, contract=True)) is fails
