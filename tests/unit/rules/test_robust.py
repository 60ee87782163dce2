"""Whatever a plan holds, judging says something of it and never raises."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.model.findings import Severity
from alembic_safe.rules import all_rules, judge, read_marks
from tests.architecture.code import ROOT
from tests.unit.rules.plans import plan

STATEMENTS = [
    one["sql"] for one in json.loads((ROOT / "tests/data/statements.json").read_text()) if one.get("sql")
]


WHOLE = st.sampled_from(STATEMENTS)
PARTS = st.one_of(WHOLE, st.builds(lambda text, end: text[:end], WHOLE, st.integers(10, 80)))


@given(st.lists(PARTS, max_size=6), st.integers(15, 18), st.booleans())
def test_any_statements_in_any_order(statements: list[str], version: int, together: bool) -> None:
    half = len(statements) // 2
    made = plan(
        list(statements[:half]), [(s, True) for s in statements[half:]], version=version, together=together
    )
    for finding in judge(made):
        assert finding.rule in all_rules()
        assert finding.severity in Severity and finding.message and finding.revision in ("r1", "r2")


@given(st.text())
def test_any_text_has_marks_or_none(text: str) -> None:
    for allowance in read_marks(text).allowances:
        assert allowance.rule and allowance.reason


def test_names_with_quotes_come_out_as_python_literals() -> None:
    (one,) = judge(
        plan(['CREATE INDEX "i\'x" ON "T""able" ("c\'ol")'], base='CREATE TABLE "T""able" ("c\'ol" int)')
    )
    compile(one.recipe, "recipe", "exec")
    assert """op.create_index("i'x", 'T"able', ["c'ol"], postgresql_concurrently=True)""" in one.recipe


def test_recipes_of_python_compile() -> None:
    for rule in all_rules().values():
        if not rule.recipe.startswith(("SELECT", "--", "alembic ")):
            compile(rule.recipe, rule.id, "exec")


def test_a_password_in_a_statement_is_in_no_finding() -> None:
    sql = "CREATE SUBSCRIPTION s CONNECTION 'host=h password=hush' PUBLICATION p"
    found = judge(plan([sql]))
    assert [f.rule for f in found] == ["cluster-object-changed", "statement-refused-in-transaction"]
    assert "hush" not in repr(found)
