"""All rules: every module of the package's families has one, in `RULE`."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from alembic_safe.rules.rule import Rule

FAMILIES = (
    "indexes",
    "columns",
    "constraints",
    "tables",
    "objects",
    "data",
    "transactions",
    "sqlite",
    "plan",
)


@cache
def all_rules() -> Mapping[str, Rule]:
    """Every rule by id, in the order of families and names."""
    found: dict[str, Rule] = {}
    for family in FAMILIES:
        package = import_module(f"{__package__}.{family}")
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
            if not module.name.startswith("_"):
                rule: Rule = import_module(f"{package.__name__}.{module.name}").RULE
                found[rule.id] = rule
    return MappingProxyType(found)


def family_of(rule: Rule) -> str:
    """The family a rule's module is in."""
    look = rule.look or rule.look_at_plan
    return look.__module__.split(".")[-2] if look is not None else "plan"
