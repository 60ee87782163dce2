"""The server's own catalog, types that nothing uses, and policies for some roles."""

from __future__ import annotations

import pytest

from alembic_safe.model.findings import Severity
from tests.unit.rules.plans import findings

BASE = """
    CREATE TYPE used AS ENUM ('a', 'b'); CREATE TYPE unused AS ENUM ('x', 'y');
    CREATE TYPE place AS (street text, zip text); CREATE TYPE slip AS (kg numeric, checked boolean);
    CREATE TYPE given AS ENUM ('m'); CREATE FUNCTION f(g given) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
    CREATE TABLE t (id int PRIMARY KEY, k used, homes place[]);
    GRANT SELECT, INSERT ON t TO app; GRANT SELECT ON t TO kiosk;
"""


def errors(*statements: str, base: str = BASE) -> set[str]:
    return {one.rule for one in findings(list(statements), base=base) if one.severity is Severity.ERROR}


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE pg_attribute SET attnotnull = true WHERE attrelid = 't'::regclass AND attname = 'k'",
        "DELETE FROM pg_catalog.pg_enum WHERE enumlabel = 'a' AND enumtypid = 'used'::regtype",
        "INSERT INTO pg_enum (enumtypid, enumsortorder, enumlabel) VALUES ('used'::regtype, 9, 'q')",
        "WITH gone AS (DELETE FROM pg_constraint WHERE conname = 'k' RETURNING oid) SELECT count(*) FROM gone",
        "DO $$ BEGIN UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass; END $$",
    ],
)
def test_writing_the_catalog_stops(text):
    assert "system-catalog-written" in errors(text)


def test_reading_the_catalog_and_tables_of_like_names_do_not():
    assert not errors("SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass")
    named = f"{BASE}; CREATE TABLE pg_boats (id int PRIMARY KEY, a int)"
    assert not errors("UPDATE pg_boats SET a = 1 WHERE id = 1", base=named)


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("ALTER TYPE unused RENAME VALUE 'x' TO 'z'", False),
        ("ALTER TYPE used RENAME VALUE 'a' TO 'z'", True),
        ("ALTER TYPE given RENAME VALUE 'm' TO 'z'", True),
        ("ALTER TYPE slip ADD ATTRIBUTE note text", False),
        ("ALTER TYPE slip ALTER ATTRIBUTE kg TYPE bigint", False),
        ("ALTER TYPE place ALTER ATTRIBUTE zip TYPE int", True),
        ("ALTER TYPE place ADD ATTRIBUTE country text", True),
    ],
)
def test_a_type_may_change_as_long_as_nothing_uses_it(text, stops):
    assert ("type-changed" in errors(text)) is stops


@pytest.mark.parametrize(
    ("roles", "stops"),
    [("", False), ("TO PUBLIC", False), ("TO app, kiosk", False), ("TO app", True), ('TO "app"', True)],
)
def test_a_policy_for_some_roles_hides_all_from_the_others(roles, stops):
    on = "ALTER TABLE t ENABLE ROW LEVEL SECURITY"
    assert ("row-security-changed" in errors(f"CREATE POLICY p ON t {roles} USING (true)", on)) is stops
    assert "row-security-changed" not in errors(
        "CREATE POLICY p ON t TO app USING (true)", "CREATE POLICY q ON t TO kiosk USING (true)", on
    )
