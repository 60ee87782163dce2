"""Views made again, and views that take a table's name: rows, values, rights and options of the former one."""

from __future__ import annotations

import pytest

from alembic_safe.model.findings import Severity
from tests.unit.rules.plans import findings

BASE = """
    CREATE TABLE p (id bigint, code text, name text, n int, flag boolean);
    CREATE TABLE c (id int, p_id bigint, kind text, day date);
    CREATE VIEW v AS SELECT id, code, name FROM p WHERE flag AND n > 3;
    CREATE VIEW w AS SELECT id, p_id FROM c;
    CREATE VIEW k AS SELECT id FROM c WHERE kind IN ('a', 'b') AND day >= '2024-01-01';
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app; GRANT SELECT ON v TO kiosk;
"""
ANEW = "CREATE VIEW v AS SELECT id, code, name FROM p WHERE flag AND n > 3"
ASIDE = "ALTER TABLE c RENAME TO c2"


def errors(*statements: str, base: str = BASE) -> set[str]:
    found = findings(list(statements), base=base)
    return {one.rule for one in found if one.severity is Severity.ERROR}


@pytest.mark.parametrize(
    "query",
    [
        "v AS SELECT id, code, name FROM p WHERE flag AND n > 3 AND code IS NOT NULL",
        "v AS SELECT id, code, name FROM p WHERE flag AND n > 10",
        "v AS SELECT id, code, name FROM p WHERE flag AND n > 3 LIMIT 5",
        "v AS SELECT DISTINCT id, code, name FROM p WHERE flag AND n > 3",
        "k AS SELECT id FROM c WHERE kind = 'a' AND day >= '2024-01-01'",
        "k AS SELECT id FROM c WHERE kind IN ('a', 'b') AND day >= '2025-01-01'",
        "w AS SELECT id, p_id FROM c WHERE kind <> 'x'",
        "w AS SELECT c.id, c.p_id FROM c JOIN p ON p.id = c.p_id",
        "w AS SELECT p_id AS id, id AS p_id FROM c",
        "w AS SELECT id::text, p_id FROM c",
        "w WITH (security_invoker) AS SELECT id, p_id FROM c",
        "v AS SELECT id, code, name FROM p WHERE flag AND n > 3 WITH CHECK OPTION",
    ],
)
def test_a_view_that_gives_less_stops(query):
    assert "view-replaced" in errors(f"CREATE OR REPLACE VIEW {query}")


@pytest.mark.parametrize(
    "query",
    [
        "v AS SELECT id, code, name, n FROM p WHERE flag AND n > 3",
        "v AS SELECT x.id, x.code, x.name FROM p x WHERE (x.flag AND (x.n > 3))",
        "v AS SELECT id, code, name FROM p WHERE flag",
        "v AS SELECT id, code, name FROM p WHERE n > 3 AND flag = true",
        "v AS SELECT p.id, p.code, p.name FROM public.p WHERE p.flag IS TRUE AND p.n > 3",
        "v AS SELECT id, code, name FROM p WHERE flag AND n >= 3",
        "v AS SELECT id, code, name FROM p WHERE (flag OR code = 'x') AND n > 3",
        "k AS SELECT id FROM c WHERE kind IN ('a', 'b', 'c') AND day >= '2023-06-01'",
        "w AS SELECT c.id, c.p_id, p.name FROM c LEFT JOIN p ON p.id = c.p_id",
        "w AS SELECT id, p_id FROM c UNION ALL SELECT 1, 2",
        "w WITH (security_barrier) AS SELECT id, p_id FROM c",
    ],
)
def test_a_view_that_gives_as_much_passes(query):
    assert not errors(f"CREATE OR REPLACE VIEW {query}")


@pytest.mark.parametrize(
    ("before", "condition"),
    [
        ("ALTER TABLE p ADD COLUMN gone timestamp", "gone IS NULL"),
        ("ALTER TABLE p ADD COLUMN gone timestamp", "(p.gone IS NULL)"),
        ("SELECT 1", "n >= 0"),
    ],
)
def test_a_condition_that_all_rows_fulfil_takes_none(before, condition):
    again = f"CREATE OR REPLACE VIEW v AS SELECT id, code, name FROM p WHERE flag AND n > 3 AND {condition}"
    assert not errors(before, again)


def test_what_a_constraint_holds_all_rows_fulfil():
    again = "CREATE OR REPLACE VIEW w AS SELECT id, p_id FROM c WHERE {}"
    held = f"{BASE}; ALTER TABLE c ADD CONSTRAINT x CHECK (p_id > 0); ALTER TABLE c ALTER id SET NOT NULL"
    assert not errors(again.format("p_id > 0"), base=held)
    assert not errors(again.format("id IS NOT NULL"), base=held)
    assert "view-replaced" in errors(again.format("p_id IS NOT NULL"), base=held)
    assert "view-replaced" in errors(again.format("p_id > 0"))


def test_dropped_and_made_again_it_is_compared_as_well():
    rights = "GRANT ALL ON v TO app, kiosk"
    assert not errors("DROP VIEW v", ANEW, rights)
    assert errors("DROP VIEW v", f"{ANEW} AND code <> ''", rights) == {"view-replaced"}


def test_a_column_under_its_new_name_is_the_same_one():
    renamed = f"{BASE}; ALTER TABLE p RENAME COLUMN code TO sign; ALTER TABLE p RENAME TO q"
    again = "CREATE OR REPLACE VIEW v AS SELECT id, sign AS code, name FROM q WHERE flag AND n > 3"
    assert not errors(again, base=renamed)


@pytest.mark.parametrize(
    ("options", "stops"),
    [
        ("SET (security_invoker = true)", True),
        ("SET (security_barrier, check_option = 'local')", True),
        ("SET (security_invoker = false)", False),
        ("SET (security_barrier = true)", False),
        ("RESET (security_invoker)", False),
    ],
)
def test_options_that_take_rights_stop(options, stops):
    assert bool(errors(f"ALTER VIEW v {options}")) is stops


@pytest.mark.parametrize(
    ("grants", "stops"),
    [
        ("SELECT ON v TO kiosk", True),
        ("ALL ON v TO app", True),
        ("SELECT ON v TO app, kiosk", True),
        ("SELECT, INSERT, UPDATE, DELETE ON v TO app; GRANT SELECT ON v TO kiosk", False),
        ("ALL PRIVILEGES ON TABLE v TO PUBLIC", False),
        ("ALL ON ALL TABLES IN SCHEMA public TO app, GROUP kiosk", False),
    ],
)
def test_every_role_gets_its_rights_again_or_it_stops(grants, stops):
    assert ("view-dropped" in errors("DROP VIEW v", ANEW, f"GRANT {grants}")) is stops


def test_a_right_that_was_revoked_need_not_be_given_again():
    base = f"{BASE}; REVOKE ALL ON v FROM kiosk"
    assert not errors("DROP VIEW v", ANEW, "GRANT ALL ON v TO app", base=base)


@pytest.mark.parametrize(
    ("following", "stops"),
    [
        (["CREATE VIEW c AS SELECT * FROM c2", "GRANT ALL ON c TO app"], False),
        (["CREATE VIEW c AS SELECT id, p_id, kind, day FROM c2", "GRANT ALL ON c TO app"], False),
        (["CREATE VIEW c AS SELECT id, p_id FROM c2", "GRANT ALL ON c TO app"], True),
        (["CREATE VIEW c AS SELECT * FROM c2", "GRANT SELECT ON c TO app"], True),
        (["CREATE VIEW c AS SELECT * FROM c2"], True),
        ([], True),
    ],
)
def test_a_view_in_a_table_s_place_gives_all_that_it_gave(following, stops):
    assert ("table-renamed" in errors(ASIDE, *following)) is stops
