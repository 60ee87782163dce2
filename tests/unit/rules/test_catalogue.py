"""Every hazard of the catalogue is found by a rule, or it is said why none does; the pages are up to date."""

from __future__ import annotations

from alembic_safe.rules import all_rules
from alembic_safe.rules.catalogue import SECTIONS, WITHOUT_RULE, rules_of_hazards
from scripts.rule_pages import main
from tests.architecture.code import ROOT


def test_every_hazard_has_a_rule_or_a_reason_and_not_both() -> None:
    found = rules_of_hazards()
    catalogued = [hazard for ids in SECTIONS.values() for hazard in ids]
    assert len(catalogued) == len(set(catalogued)) == 139
    assert set(found) == set(catalogued), "a rule covers an id that is in no section"
    assert {hazard for hazard, rules in found.items() if not rules} == set(WITHOUT_RULE)


def test_rules_outside_the_catalogue_are_these() -> None:
    assert {rule.id for rule in all_rules().values() if not rule.covers} == {
        "allowance-not-valid",
        "allowance-unused",
        "batch-copy-casts",
        "batch-copy-deletes-children",
        "batch-copy-loses",
        "batch-copy-rewrites-table",
        "batch-copy-tightens",
        "batch-copy-under-view",
        "cluster-object-changed",
        "expand-and-contract-mixed",
        "search-path-left-changed",
        "sqlite-refuses",
        "system-catalog-written",
        "version-table-written",
    }


def test_the_pages_are_up_to_date() -> None:
    assert main(["--check", str(ROOT / "docs" / "rules")]) == 0
