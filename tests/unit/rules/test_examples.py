"""Every rule has a pair of revisions: the unsafe one fires it and nothing else, the safe one nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from alembic_safe.model.findings import Severity
from alembic_safe.model.live import LiveFacts
from alembic_safe.rules import all_rules, judge
from tests.unit.rules.examples import folders, plan_of

VERSION = 17


def found(folder: Path, kind: str, *, proven: bool = False) -> set[str]:
    """The rules that fire and are not allowed. `proven`: nothing is mapped, now or at the last run."""
    plan = plan_of(folder, kind, VERSION, mapped={} if proven else None)
    live = LiveFacts(VERSION, mapped_before={}) if proven else None
    # that a batch copies is a note with whatever else it does
    beside = {"batch-copy-rewrites-table"} - {folder.name} if plan.dialect == "sqlite" else set()
    found = (f for f in judge(plan, live=live) if f.allowed is None)
    return {f.rule for f in found if f.rule not in beside or f.severity > Severity.NOTE}


def test_every_rule_has_its_pair() -> None:
    assert {folder.name for folder in folders()} == set(all_rules())


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_unsafe_fires_the_rule_and_nothing_else(folder: Path) -> None:
    assert found(folder, "unsafe") == {folder.name}


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_safe_fires_nothing(folder: Path) -> None:
    assert found(folder, "safe", proven=True) == set()


@pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.id)
def test_a_rule_is_its_file_and_says_what_it_has_to(rule) -> None:
    look = rule.look or rule.look_at_plan
    assert rule.engine or look.__module__.rpartition(".")[2] == rule.id.replace("-", "_")
    assert rule.summary.endswith(".") and rule.why.endswith(".") and rule.recipe.endswith("\n")
    assert rule.engine != (look is not None)
