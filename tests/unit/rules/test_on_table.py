"""Triggers, policies and rules have a name within their table: what is done to another table's is no matter."""

from __future__ import annotations

import pytest

from alembic_safe.model.findings import Severity
from tests.unit.rules.plans import Part, auto, findings

BASE = """
CREATE TABLE t (id bigint PRIMARY KEY, a int); CREATE TABLE u (id bigint PRIMARY KEY, a int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
"""
MAKES = {
    "trigger": "CREATE TRIGGER x BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION f()",
    "policy": "CREATE POLICY x ON {} USING (true)",
    "rule": "CREATE RULE x AS ON DELETE TO {} DO INSTEAD NOTHING",
}
DROPPED = {"trigger": "trigger-changed", "policy": "row-security-changed", "rule": "object-dropped"}


def errors(*statements: Part, base: str = BASE) -> list[str]:
    found = findings(list(statements), base=base)
    return [f.rule for f in found if f.severity is Severity.ERROR]


@pytest.mark.parametrize("kind", MAKES)
def test_one_that_is_made_again_on_its_own_table_stays(kind):
    drop = f"DROP {kind} x ON t"
    assert DROPPED[kind] not in errors(drop, MAKES[kind].format("t"))
    assert DROPPED[kind] not in errors(drop, MAKES[kind].format("public.t"))
    assert DROPPED[kind] in errors(drop, MAKES[kind].format("u"))


@pytest.mark.parametrize("kind", ["trigger", "rule"])
def test_only_the_one_that_this_plan_made_is_new(kind):
    assert DROPPED[kind] not in errors(MAKES[kind].format("t"), f"DROP {kind} x ON t")
    assert DROPPED[kind] in errors(MAKES[kind].format("u"), f"DROP {kind} x ON t")


def warned(*statements: Part) -> bool:
    return "trigger-created" in {f.rule for f in findings(list(statements), base=BASE)}


def test_a_trigger_is_nothing_new_where_the_same_transaction_dropped_it():
    make = MAKES["trigger"].format("t")
    assert not warned("DROP TRIGGER x ON t", make)
    assert warned("DROP TRIGGER x ON u", make)
    assert warned(auto("DROP TRIGGER x ON t"), make)
    assert warned(auto("DROP TRIGGER x ON t"), auto(make))


def test_a_policy_for_all_counts_from_its_transaction_on():
    enable, made = "ALTER TABLE t ENABLE ROW LEVEL SECURITY", MAKES["policy"].format("t")
    assert "row-security-changed" not in errors(made, enable)
    assert "row-security-changed" not in errors(enable, made)
    assert "row-security-changed" in errors(auto(enable), made)
    assert "row-security-changed" not in errors(MAKES["policy"].format("public.t"), enable)


@pytest.mark.parametrize(
    ("statement", "rest"),
    [
        ("DROP TRIGGER x ON t", "CREATE TRIGGER"),
        ("DROP POLICY x ON t", "CREATE POLICY"),
        ("DROP TRIGGER", "CREATE TRIGGER x"),
        ("DROP RULE x ON t", "CREATE RULE"),
    ],
)
def test_a_later_statement_that_is_not_read_whole_is_nothing_made_again(statement, rest):
    assert "statement-not-understood" in {f.rule for f in findings([statement, rest], base=BASE)}
