"""All preflight checks: every module of `checks` has one, in `CHECK`."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from alembic_safe.apply.preflight import checks as package
from alembic_safe.apply.preflight.check import Check
from alembic_safe.errors import SettingsError


@cache
def all_checks() -> Mapping[str, Check]:
    """Every check by id, in the order of names."""
    found: dict[str, Check] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        check: Check = import_module(f"{package.__name__}.{module.name}").CHECK
        found[check.id] = check
    return MappingProxyType(found)


def require_known(names: Iterable[str]) -> None:
    """Raise `SettingsError` for a name that no check has."""
    for name in names:
        if name not in all_checks():
            raise SettingsError(
                f"preflight: there is no check {name!r}", hint=f"There are {', '.join(all_checks())}."
            )
