"""`explain`: what a rule finds, why that is dangerous, and what to write instead."""

from __future__ import annotations

from difflib import get_close_matches

from alembic_safe.errors import UsageError
from alembic_safe.model.results import ExplainResult
from alembic_safe.rules import all_rules
from alembic_safe.workflow.saying import page_of


def explain(rule: str | None = None) -> ExplainResult:
    """One rule by its name, or with None all of them. Raises `UsageError` for one that there is not."""
    rules = all_rules()
    if rule is None:
        return ExplainResult(0, tuple(page_of(one) for one in rules.values()))
    if rule not in rules:
        near = get_close_matches(rule, rules, n=3, cutoff=0.5)
        meant = f"Did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(f"there is no rule {rule}", hint=f"{meant}`alembic-safe explain` lists every rule.")
    return ExplainResult(0, (page_of(rules[rule]),))
