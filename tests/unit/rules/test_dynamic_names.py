"""Names that are put together when a statement runs: never known to be absent, new or out of use."""

from __future__ import annotations

from typing import Any

import pytest

from alembic_safe.model.findings import Severity
from alembic_safe.model.live import LiveFacts
from tests.unit.rules.plans import findings

BASE = "CREATE TABLE t (id bigint PRIMARY KEY, a int); CREATE VIEW v AS SELECT id FROM t; CREATE INDEX i ON t (a);"
EACH = "DO $$ DECLARE r record; BEGIN FOR r IN SELECT relname FROM pg_class LOOP {} END LOOP; END $$"


def run(text: str) -> str:
    """A block that runs this for each of many names."""
    return EACH.format(f"EXECUTE format('{text}', r.relname);")


def errors(*statements: str, base: str = BASE, **more: Any) -> set[str]:
    found = findings(list(statements), base=base, **more)
    return {f.rule for f in found if f.severity is Severity.ERROR}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("DROP TABLE %I", "table-dropped"),
        ("DROP TABLE IF EXISTS %I", "table-dropped"),
        ("DROP TABLE IF EXISTS %I.t", "table-dropped"),
        ("DROP VIEW IF EXISTS %I", "view-dropped"),
        ("DROP INDEX IF EXISTS %I", "index-drop-blocks-everything"),
        ("ALTER TABLE IF EXISTS %I DROP COLUMN a", "column-dropped"),
        ("ALTER TABLE t DROP COLUMN IF EXISTS %I", "column-dropped"),
        ("ALTER TABLE t DROP CONSTRAINT IF EXISTS %I", "constraint-dropped"),
        ("DROP FUNCTION IF EXISTS %I", "object-dropped"),
    ],
)
def test_a_drop_of_what_is_not_known_stops(text, rule):
    assert rule in errors(run(text))


@pytest.mark.parametrize(
    ("made", "text", "rule"),
    [
        ("CREATE TABLE %I (id int)", "DROP TABLE %I", "table-dropped"),
        ("CREATE VIEW %I AS SELECT 1", "DROP VIEW %I", "view-dropped"),
        ("CREATE INDEX %I ON t (a)", "DROP INDEX %I", "index-drop-blocks-everything"),
        ("ALTER TABLE t ADD COLUMN %I int", "ALTER TABLE t DROP COLUMN %I", "column-dropped"),
        ("CREATE SEQUENCE %I", "DROP SEQUENCE %I", "object-dropped"),
    ],
)
def test_what_is_made_under_a_name_not_known_is_no_other(made, text, rule):
    assert rule in errors(run(made), run(text))
    block = f"EXECUTE format('{made}', a); EXECUTE format('{text}', b);"
    assert rule in errors(f"DO $$ BEGIN {block} END $$")


def test_a_drop_that_something_else_follows_is_not_a_replacement():
    assert "view-dropped" in errors(run("DROP VIEW %I"), run("CREATE VIEW %I AS SELECT 1"))


def test_a_name_that_is_written_out_is_known():
    assert errors("DROP TABLE IF EXISTS nothing") == set()
    block = "FOREACH n IN ARRAY ARRAY['x', 'y'] LOOP EXECUTE format('DROP TABLE IF EXISTS %I', n); END LOOP;"
    assert errors(f"DO $$ BEGIN {block} END $$") == set()
    assert errors("DROP TABLE IF EXISTS pg_temp.nothing") == set()


def test_after_a_table_of_an_unknown_name_what_is_not_seen_may_be_there():
    assert "table-dropped" in errors("DROP TABLE IF EXISTS p1", base=run("CREATE TABLE %I (id int)"))
    assert "table-dropped" in errors("DROP TABLE IF EXISTS p1", base=BASE + run("ALTER TABLE t RENAME TO %I"))


@pytest.mark.parametrize("text", ["DROP TABLE %I", "ALTER TABLE t DROP COLUMN %I"])
def test_a_declared_contract_step_of_an_unknown_name_is_not_proven(text):
    live = LiveFacts(version=17, mapped_before={})
    more: dict[str, Any] = {
        "mapped": {},
        "live": live,
        "sources": ["# alembic-safe: phase contract\n"],
        "applying": True,
    }
    assert errors(run(text), **more) == {"contract-not-proven"}
    assert errors("DROP TABLE t CASCADE", base="CREATE TABLE t (id bigint PRIMARY KEY)", **more) == set()
